"""Running several replicas: in containers, or as processes of one machine."""
