"""One outside system a folder, the only place where its SDK is imported."""
