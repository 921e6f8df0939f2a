"""Language models: a lean lane for OpenAI-compatible endpoints, LiteLLM for all others."""
