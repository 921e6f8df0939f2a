"""The stand-in of Slack, driven by the real SDK: it must refuse what Slack refuses."""
