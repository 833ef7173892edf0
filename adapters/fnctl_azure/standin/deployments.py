"""What was published to an app: its state in the numbers of the publish endpoint, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

BUILDING, DEPLOYING, FAILED, SUCCEEDED = 1, 2, 3, 4


@dataclass
class Deployment:
    """One publish: its status in the numbers of the publish endpoint, and what it said."""

    id: str
    status: int = 0
    lines: list[str] = field(default_factory=list[str])
    received: float = 0.0
    ended: float = 0.0
    deployer: str = ""
    remote: bool = False

    @property
    def complete(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in (FAILED, SUCCEEDED)

    def say(self, line: str) -> None:
        """Write a line of its log."""
        self.lines.append(line)
