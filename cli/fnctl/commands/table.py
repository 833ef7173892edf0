"""Options as data: the verbs declare them through typer, and the fastest verbs read them without it."""

from __future__ import annotations

from fnctl.dataclass import dataclass


@dataclass(frozen=True)
class Option:
    """One option. Without a `metavar` it is a flag; `panel` is its heading in the help. `many`: it may be given again."""

    name: str
    flags: tuple[str, ...]
    help: str
    panel: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    many: bool = False


WHERE = "Where"
SCREEN = "What you see"
QUESTIONS = "Questions"

GLOBALS = (
    Option("manifest", ("--manifest", "-f"), "The manifest; without it fnctl.yaml in this folder or in a parent.", WHERE, "PATH"),
    Option("target", ("--target", "-t"), "The platform; $FNCTL_TARGET, or the only one in the manifest.", WHERE, "NAME"),
    Option("stage", ("--stage", "-s"), "The stage; $FNCTL_STAGE, or dev.", WHERE, "NAME"),
    Option("sandbox", ("--sandbox",), "Use the stand-in on this machine: no account needed.", WHERE),
    Option("output", ("--output",), "text for people, json for machines.", SCREEN, "FORM", ("text", "json")),
    Option("quiet", ("--quiet", "-q"), "Say nothing but results and errors.", SCREEN),
    Option("verbose", ("--verbose", "-v"), "Say more: phases, times, what stays as it is.", SCREEN),
    Option("no_color", ("--no-color",), "No colour, as NO_COLOR=1 says it.", SCREEN),
    Option("yes", ("--yes", "-y"), "Agree to what a question would ask.", QUESTIONS),
    Option("no_input", ("--no-input",), "Never ask: what would be asked is an error.", QUESTIONS),
)

STRICT = Option("strict", ("--strict",), "Fail on warnings too.", "Options")
NO_FILES = Option("no_files", ("--no-files",), "Do not look at handler files.", "Options")
SELECT = Option("select", ("--select",), "Only these rules: codes, or how they begin; AWS1,SEC for two.", "Options", "CODES", many=True)
IGNORE = Option("ignore", ("--ignore",), "Not these rules; the longer beginning wins over --select.", "Options", "CODES", many=True)
NO_CACHE = Option("no_cache", ("--no-cache",), "Check anew what was checked before.", "Options")
VALIDATE = (STRICT, NO_FILES, SELECT, IGNORE, NO_CACHE)

VERIFY = Option("verify", ("--verify",), "Build a second time from a copy, with an empty cache, and compare.", "Options")
NO_IMPORT_CHECK = Option("no_import_check", ("--no-import-check",), "Do not import the handlers before anything is uploaded.", "Options")
BUILD = (VERIFY, NO_IMPORT_CHECK)

REPORTS = ("sarif", "github", "junit", "gitlab")
"""What `validate --output` speaks besides text and json."""

FORMS = (
    "diagnostics",
    "matrix",
    "build",
    "size",
    "plan",
    "event",
    "status",
    "outputs",
    "history",
    "plugins",
    "show",
    "invoke",
    "secrets",
    "sandbox",
    "rules",
    "explain",
    "limits",
    "compare",
)
"""The machine forms, each with a published schema."""


@dataclass(frozen=True)
class Settings:
    """The global options as given; None and False where they were not."""

    manifest: str | None = None
    target: str | None = None
    stage: str | None = None
    sandbox: bool = False
    output: str = "text"
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    yes: bool = False
    no_input: bool = False


def read(argv: list[str], options: tuple[Option, ...], reports: tuple[str, ...] = ()) -> dict[str, str | bool] | None:
    """Read a verb's plain arguments; None for anything that needs a closer look (help, a mistake, an argument), which is typer's part.

    `reports` are forms of output that this verb speaks besides those in the table.
    """
    known = {flag: option for option in options for flag in option.flags}
    found: dict[str, str | bool] = {}
    words = iter(argv)
    for word in words:
        flag, _, inline = word.partition("=") if word.startswith("--") else (word, "", "")
        option = known.get(flag)
        if option is None or (option.metavar is None and word != flag):
            return None
        value = True if option.metavar is None else inline or next(words, "")
        if not value or (isinstance(value, str) and value.startswith("-")) or (option.choices and value not in (*option.choices, *reports)):
            return None
        found[option.name] = f"{found[option.name]},{value}" if option.many and option.name in found else value
    return found
