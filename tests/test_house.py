"""The files around the package agree with each other, and with what they promise."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import metadata, requires
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
import yaml
from conftest import need
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REQUIREMENTS = ("requirements.txt", "requirements-site.txt", "requirements-test.txt")
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def run(*command: str) -> str:
    """Run a command in the root and give what it printed; its failure fails the test."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def tracked() -> list[Path]:
    """List the files that belong to the project: by git, or all that is there without git."""
    if (ROOT / ".git").exists():
        names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        files = [ROOT / name for name in names.split("\0") if name]
    else:
        skip = {
            ".venv",
            *(f".venv-3.{n}" for n in range(11, 20)),
            "__pycache__",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            "target",
        }
        files = [path for path in ROOT.rglob("*") if not skip & set(path.parts)]
    return [path for path in files if path.is_file()]


def pins(name: str) -> dict[str, str]:
    """Read a requirements file: every package with its exact version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith(("#", "-r "))]
    return {canonicalize_name(package): version for package, version in pairs}


def extra(name: str) -> list[Requirement]:
    """List what an extra of pyproject.toml asks for, the extras inside it resolved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for wanted in map(Requirement, project["optional-dependencies"][name]):
        found += [r for e in wanted.extras for r in extra(e)] if wanted.extras else [wanted]
    return found


# ---------------------------------------------------------------- what gets installed


def test_what_is_built_is_whole(tmp_path: Path) -> None:
    """The sdist has every file of the project, the wheel the package with its page and licence."""
    build = (sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path))
    run(*build, "-t", "sdist")
    run(*build, "-t", "wheel")
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}
    files = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert packed - {"PKG-INFO"} == files
    assert {"README.md", "LICENSE", "tests/conftest.py", "Makefile"} <= packed
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = {name for name in wheel.namelist() if name.startswith("spanlab/")}
        licences = [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
        [about] = [name for name in wheel.namelist() if name.endswith("METADATA")]
        described = wheel.read(about).decode()
    assert inside == {file for file in files if file.startswith("spanlab/")}
    assert "spanlab/py.typed" in inside
    assert {Path(name).suffix for name in inside if "/static/" in name} >= {".js", ".css"}
    assert licences
    assert (ROOT / "README.md").read_text(encoding="utf-8") in described


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_exact_and_hold_no_address(name: str) -> None:
    """Each line is `package==version`, so it installs the same from any index."""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"#.*|-r requirements\.txt|[\w.-]+==[\w.]+", line), line
        assert "://" not in line


@pytest.mark.parametrize("name", ["lab", "test"])
def test_requirements_satisfy_the_extra(name: str) -> None:
    """Every requirement of the extra has a pin that it accepts."""
    pinned = pins("requirements.txt") | (pins("requirements-test.txt") if name == "test" else {})
    for wanted in extra(name):
        version = pinned.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} has no pin"
        assert wanted.specifier.contains(version), f"{wanted} refuses the pin {version}"


def test_make_lab_installs_the_command_line() -> None:
    """`spanlab log` and `spanlab audit` run in `.venv` without another install."""
    named = {wanted.name for wanted in extra("lab")}
    assert named >= {wanted.name for kind in ("cli", "audit") for wanted in extra(kind)}


def test_requirements_name_everything_that_gets_installed() -> None:
    """What a pinned package needs is pinned too, so two installs never differ."""
    pinned = pins("requirements.txt") | pins("requirements-test.txt")
    for package in pinned:
        for needed in map(Requirement, requires(package) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in pinned, f"{package} needs {needed}"


def test_every_pin_installs_on_the_oldest_python() -> None:
    """A pin that needs a later Python than pyproject.toml asks for stops `make` on Debian's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    for package in pins("requirements.txt") | pins("requirements-test.txt"):
        accepted = metadata(package).get("Requires-Python", "")
        assert SpecifierSet(accepted).contains(oldest), f"{package} needs Python {accepted}"


# ---------------------------------------------------------------- make lab


def opened(address: str) -> str:
    """Give a page of this machine; a server says its address before it listens there."""
    end = time.monotonic() + 30
    while True:
        try:
            with build_opener(ProxyHandler({})).open(address, timeout=30) as page:
                return page.read().decode()
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def first_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `make lab` in this environment, nothing installed; give the page that it announces."""
    home = str(tmp_path_factory.mktemp("home"))
    lab = subprocess.Popen(
        ["make", "-o", ".venv/lab", "lab", f"BIN={Path(sys.executable).parent}"],
        cwd=ROOT,
        env={**os.environ, "HOME": home, "JUPYTER_RUNTIME_DIR": home, "BROWSER": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert lab.stdout
        printed = []
        for line in lab.stdout:
            printed.append(line)
            if address := re.search(r"http://127\.0\.0\.1\S+", line):
                yield opened(address[0])
                break
        else:
            pytest.fail(f"make lab announced no address:\n{''.join(printed)}")
    finally:
        os.killpg(lab.pid, signal.SIGKILL)
        lab.communicate()


def test_make_lab_announces_the_first_lesson(first_page: str) -> None:
    """Who has no browser takes the address, as root too, and is in the first lesson."""
    assert '"treePath": "00_start_here.ipynb"' in first_page


def test_make_lab_asks_no_reader_about_news(first_page: str) -> None:
    """The plugin that asks is disabled in what `make lab` installs, and in Binder."""
    plugin = "@jupyterlab/apputils-extension:announcements"
    assert plugin in re.findall(r'"disabledExtensions": \[(.*?)\]', first_page, re.S)[0]
    assert plugin in (ROOT / "binder/postBuild").read_text(encoding="utf-8")


# ---------------------------------------------------------------- Binder


def test_both_environment_files_are_equal() -> None:
    """Where a folder `binder` exists, Binder ignores the file in the root."""
    binder = (ROOT / "binder/environment.yml").read_bytes()
    assert binder == (ROOT / "environment.yml").read_bytes()


def test_binder_runs_the_versions_that_are_tested() -> None:
    """The versions of environment.yml accept what requirements.txt pins."""
    pinned = pins("requirements.txt")
    *conda, pip = ENVIRONMENT["dependencies"]
    for spec in conda:
        match = MatchSpec(spec)
        if name := {match.name.normalized} & pinned.keys():
            version = pinned[name.pop()]
            record = PackageRecord(match.name.normalized, version, BuildString("0"), 0, "noarch")
            assert match.matches(record), f"environment.yml wants {spec}, the pin is {version}"
    for line in pip["pip"]:
        name, version = line.split("==")
        assert pinned[name] == version


def test_binder_builds_from_our_environment() -> None:
    """repo2docker takes Python 3.13, our environment file and our postBuild."""
    plan = run(sys.executable, "-m", "repo2docker", "--no-build", "--debug", ".")
    assert "Building conda environment for python=3.13\n" in plan
    assert '--file "binder/environment.yml"' in plan
    assert "RUN ./binder/postBuild" in plan


def test_post_build_can_be_executed() -> None:
    """Binder runs the file itself, and an error in it must stop the build."""
    script = ROOT / "binder/postBuild"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")


# ---------------------------------------------------------------- the import


FRESH = """
import sys
before = set(sys.modules)
import spanlab
import threading
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(loaded - sys.stdlib_module_names - {"spanlab"}))
print([name for name in sys.modules if name.startswith("spanlab.lesson")])
print(threading.active_count())
"""


def test_import_loads_only_the_standard_library_and_starts_no_thread() -> None:
    """A fresh interpreter that imports spanlab has no third-party module and one thread."""
    printed = run(sys.executable, "-I", "-W", "error", "-c", FRESH)
    assert printed.splitlines() == ["[]", "[]", "1"]


# ---------------------------------------------------------------- where it is published


LINK = re.compile(r"mybinder\.org/v2/gh/([^/]+)/|https://([^./]+)\.github\.io/spanlab")


def accounts(readme: Path) -> set[str]:
    """Give the accounts that the links name."""
    return {one or other for one, other in LINK.findall(readme.read_text(encoding="utf-8"))}


def test_links_name_the_account_of_the_makefile(tmp_path: Path) -> None:
    """It stands in one place; `make links` writes it into all of them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert accounts(ROOT / "README.md") == set(re.findall(r"^OWNER := (\S+)$", makefile, re.M))
    for name in ("Makefile", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    run("make", "-C", str(tmp_path), "links", "OWNER=some-one")
    assert accounts(tmp_path / "README.md") == {"some-one"}
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "README.md"}


def test_workflows_are_right() -> None:
    """What they make is there to be made, and actionlint finds nothing."""
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob(".github/workflows/*.yml")]
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    made = [target for text in texts for target in re.findall(r"run: make (\S+)", text)]
    assert made == ["site"]
    assert set(made) <= set(targets)
    assert sum("run: bash .ci/run\n" in text for text in texts) == 1
    how = "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.8, with it on PATH"
    run(need("actionlint", how))


# ---------------------------------------------------------------- what is kept


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Of two with one name pytest would import only the first."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_notebooks_hold_no_outputs() -> None:
    """Outputs and execution counts are made by the reader's run, not stored."""
    if NOTEBOOKS:
        run(sys.executable, "-m", "nbstripout", "--keep-id", "--verify", *map(str, NOTEBOOKS))


def test_no_file_names_a_place_on_one_machine() -> None:
    """Files name no folder of the machine they were made on."""
    place = re.compile(rb"(?<![\w.}])/(?:home|root|work|Users)/\w")
    for path in tracked():
        found = place.search(path.read_bytes())
        assert not found, f"{path.relative_to(ROOT)} holds {found and found[0]!r}"


def test_no_lock_file_holds_an_address() -> None:
    """Whoever builds this has a registry of their own; no file prescribes one."""
    for path in tracked():
        if path.suffix == ".lock" or "lock" in path.stem.split("-"):
            assert b"://" not in path.read_bytes(), path.relative_to(ROOT)
