"""The Web API: its front door, its methods, its limits and what it refuses."""
