"""What Teams is sent: answers that grow, reports, notices, and what people attached."""
