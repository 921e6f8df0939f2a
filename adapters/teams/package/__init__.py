"""The app package that is uploaded to Teams: manifest, icons, and what puts them into a zip."""
