"""The C parser without the rest of PyYAML: cheap, and whoever wants the rest afterwards has all of it. Each case is a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

READ = "from fnctl.manifest.parse import parse; assert parse(b'a: &b [1, x]', 'm') == ({'a': [1, 'x']}, [])\n"

WITHOUT_C = """
import sys
from importlib.abc import MetaPathFinder
class Refused(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "yaml._yaml":
            raise ImportError(name)
sys.meta_path.insert(0, Refused())
"""

LATER = {
    "nothing is loaded for a manifest": "import sys; assert not {'yaml.loader', 'yaml.cyaml', 'yaml.constructor'} & set(sys.modules)",
    "import yaml": "import yaml; assert yaml.safe_load('a: 010') == {'a': 8} and yaml.safe_dump([1]) == '- 1\\n'",
    "the C loader": "import yaml; assert yaml.load('{a: [1, on]}', yaml.CSafeLoader) == {'a': [1, True]} and yaml.__with_libyaml__",
    "the C dumper": "import yaml; assert yaml.dump({'a': 'x'}, Dumper=yaml.CSafeDumper) == 'a: x\\n'",
    "one name": "from yaml import SafeLoader; assert SafeLoader('1').get_data() == 1",
    "every name": "from yaml import *; assert safe_load('1') == 1 and YAMLError",
    "a submodule first": "import yaml.constructor; assert yaml.full_load and yaml.constructor.ConstructorError is yaml._yaml.ConstructorError",
    "every submodule": """
import yaml
for name in "error tokens events nodes loader dumper scanner parser reader composer constructor resolver emitter _yaml".split():
    module = getattr(yaml, name)
    assert module.__name__ == "yaml." + name, module
    assert sys.modules["yaml." + name] is module
""",
    "the same classes": """
import yaml
from fnctl.manifest import libyaml
assert all(getattr(libyaml, name) is getattr(yaml, name) for name in libyaml.__all__ if name != "CParser")
assert yaml.CSafeLoader.__mro__[1] is libyaml.CParser
""",
    "the same exceptions": """
import yaml
errors = {"a: [": yaml.parser.ParserError, "a: @": yaml.scanner.ScannerError, "a: *x": yaml.composer.ComposerError, "\\x01": yaml.reader.ReaderError}
for text, error in errors.items():
    try:
        yaml.load(text, yaml.CSafeLoader)
    except error:
        continue
    raise AssertionError(text)
""",
    "what PyYAML does not have": """
import yaml
try:
    yaml.nonsense
except AttributeError as error:
    assert str(error) == "module 'yaml' has no attribute 'nonsense'", error
else:
    raise AssertionError
assert "safe_load" in dir(yaml) and "__getattr__" not in dir(yaml)
""",
    "reloaded": "import importlib, yaml; assert importlib.reload(yaml).safe_load('[]') == []",
    "many threads": """
import threading
import yaml
start, got = threading.Barrier(8), []
def read():
    start.wait()
    got.append(yaml.safe_load("a: 1"))
threads = [threading.Thread(target=read) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert got == [{"a": 1}] * 8, got
""",
}

BROKEN = {
    "a bracket": b"a: [1\nb: 2\n",
    "a tab": b"a:\n\tb: 1\n",
    "a control character": b"a: \x01\n",
    "a reserved character": b"a: @x\n",
    "an unknown alias": b"a: *x\n",
    "an unknown tag handle": b"a: !x!y z\n",
    "two keys on a line": b"a: b: c\n",
}


def run(program: str, python: str = sys.executable) -> str:
    return subprocess.run([python, "-c", "import sys\n" + program], capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("program", LATER.values(), ids=LATER)
def test_the_rest_of_pyyaml_is_there_for_whoever_imports_it_later(program: str) -> None:
    run(READ + program)


def test_what_was_imported_before_is_used() -> None:
    run("import yaml\n" + READ + "from fnctl.manifest import libyaml; assert libyaml.YAMLError is yaml.YAMLError and yaml.safe_load('1') == 1")


@pytest.mark.parametrize("later", ["", "import yaml; assert yaml.safe_load('a: 1') == {'a': 1} and not yaml.__with_libyaml__"])
def test_without_the_c_parser_all_of_pyyaml_is_imported(later: str) -> None:
    run(WITHOUT_C + READ + "from fnctl.manifest import libyaml; assert libyaml.CParser is None and 'yaml.loader' in sys.modules\n" + later)


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_errors_are_the_same_as_with_all_of_pyyaml(raw: bytes) -> None:
    told = f"from fnctl.manifest.parse import parse; print(parse({raw!r}, 'm')[1])"
    assert run(told) == run("import yaml, yaml.cyaml\n" + told) != "[]\n"
