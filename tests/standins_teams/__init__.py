"""The stand-in of Microsoft Teams: it must refuse what Teams refuses."""
