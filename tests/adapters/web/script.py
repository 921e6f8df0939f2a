"""What the scripted bot says."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    text: str
    wait_s: float = 0.9
    piece_s: float = 0.018

    def pieces(self) -> list[str]:
        return re.findall(r"\s*\S{1,6}", self.text) + re.findall(r"\s+$", self.text)


SLACK = """Three steps, about five minutes:

1. **Create the app.** Run the wizard and open its link; the permissions are filled in.
2. **Install it** to your workspace, then copy the two tokens.
3. **Paste them** into the wizard. It checks them live and writes `.env`.

```sh
python -m bot connect slack
python -m bot run
```

Then mention the bot in a channel, or write to it in a DM. It needs no public address.
More in [docs/slack.md](https://example.org/docs/slack).
"""
TABLE = """Here is a release checklist for a small team:

| Step | Who | When |
|---|---|---|
| Freeze the branch | Mira | Thursday |
| Run the long tests | Jonas | Thursday night |
| Write the changelog | Priya | Friday |
| Tag and publish | Mira | Friday, noon |

> Never on a Friday *afternoon*.

And the tag itself:

```python
version = "1.4.0"
subprocess.run(["git", "tag", "-s", f"v{version}"], check=True)
```
"""
DECIDED = """You decided to ship on **Monday**:

- Jonas: the tests are green, but the docs are not ready.
- Priya: docs first, so Monday rather than Thursday.

Still open: who writes the changelog.
"""
DEFAULT = """Hello! I answer in this thread, so the channel stays calm. Ask me about the bot, paste
an error, or try one of the *suggestions*.

Rate me with 👍 or 👎 and it shows up in `stats`.
"""
ANSWERS = {
    "slack": Answer(SLACK),
    "table": Answer(TABLE),
    "checklist": Answer(TABLE),
    "formatting": Answer(TABLE),
    "sum up": Answer(DECIDED),
    "": Answer(DEFAULT),
}
LONG = Answer("\n\n".join(f"Paragraph {n}: " + "and so on " * 30 for n in range(1, 12)))
FAULTY = Answer(SLACK)
