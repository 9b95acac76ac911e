"""Every screen as a picture, in every size that counts and every theme: the folder `pictures` has them to see.

After a change that is meant, `pytest tests/tui/test_pictures.py --snapshot-update` takes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex
from textual.pilot import Pilot
from textual.widgets import Input

from cmapss_core.aws import Aws
from cmapss_tui import theme
from cmapss_tui.app import ConsoleApp
from cmapss_tui.options import Options
from tests.tui.consoles import screen_text, until
from tests.tui.gallery import GalleryAws, gallery

# They lie in a folder of their own, under names of their own.
pytestmark = pytest.mark.filterwarnings("ignore:\\s*Can not relate snapshot:UserWarning")

NEVER = 3600.0  # seconds between two readings
MANY = 100  # calls a minute: the time of the region stands still while a picture is taken
SIZES = ((80, 24), (120, 36), (200, 60))
PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen: the keys that lead to it from the first area, each with what has to be seen before the next."""

    name: str
    way: tuple[tuple[str, str], ...]


# On the endpoint that is under load, and in its list before that.
ENDPOINTS = ("2", "turbofan-next")
ON_IT = (ENDPOINTS, ("G", "▌"), ("enter", "Scaling out to 5"))
TO_MAXIMUM = (("tab", "tab moves"), ("tab", "tab moves"), ("tab", "tab moves"), ("backspace", "is needed"))
PICTURES = (
    Picture("jobs", (("home", "AWS agrees"),)),
    Picture("jobs-filtered", (("slash", "status:"), *((key, "") for key in "eta<0.5"), ("enter", "9 of 30"))),
    Picture("job", (("enter", "AWS agrees: best job"),)),
    Picture("job-comparison", (("space", "1 marked"), ("space", "2 marked"), ("c", "subsample"))),
    Picture("tuning-jobs", (("T", "stand-alone"),)),
    Picture("job-logs", (("l", "train-rmse"),)),
    Picture("deploy", (("D", "put scaling policy"),)),
    Picture("endpoints", (ENDPOINTS, ("home", "turbofan-shadow"))),
    Picture("endpoint", ON_IT),
    Picture("endpoint-past", (*ON_IT, ("less_than_sign", "press 0 for now"))),
    Picture("endpoint-describe", (*ON_IT, ("d", "EndpointArn"))),
    Picture("endpoint-operations", (*ON_IT, ("o", "deploy"))),
    Picture("scale-refused", (*ON_IT, ("A", "Nothing is changed"), *TO_MAXIMUM, ("8", "when it is InService"))),
    Picture("update", (*ON_IT, ("U", "instance type"))),
    Picture("delete", (*ON_IT, ("X", "delete endpoint config"))),
    Picture("traffic", (*ON_IT, ("T", "invocations"))),
    Picture("validate", (*ON_IT, ("V", "Every row"))),
    Picture("clean-up", (ENDPOINTS, ("C", "left behind"))),
    Picture("operations", (("3", "deploy"),)),
    Picture("operation", (("3", "deploy"), ("enter", "create model"))),
    Picture("errors", (("4", "No call has failed"),)),
    Picture("settings", (("5", "calls_per_minute"),)),
    Picture("help", (("question_mark", "Filter"),)),
    Picture("palette", (("colon", "deploy"),)),
    Picture("switch", (("P", "sandbox"),)),
    Picture("jump", (("ctrl+o", "a letter"),)),
    Picture("export", (("e", "CSV"),)),
)
THEMED = ("jobs", "endpoints", "endpoint", "deploy", "settings")


@pytest.fixture(scope="module")
def taken_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, GalleryAws]]:
    """The region, and the console's home beside it."""
    folder = tmp_path_factory.mktemp("gallery")
    with gallery(folder) as aws:
        yield folder / "home", aws


@pytest.fixture
def aws(taken_of: tuple[Path, GalleryAws], monkeypatch: pytest.MonkeyPatch) -> Aws:
    """A connection of its own: it counts its own calls."""
    home, first = taken_of
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)  # it would blink by the clock of this machine
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(home))
    monkeypatch.chdir(home)
    return GalleryAws(first.of, first.answering)


class Pictures(SVGImageSnapshotExtension):
    """A file for each picture, named as it is, in the folder `pictures`."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(test_location.filepath).with_name("pictures"))

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(index)


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares with the files, one for each picture."""
    return snapshot.use_extension(Pictures)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_a_screen(picture: Picture, size: tuple[int, int], aws: Aws, pictures: SnapshotAssertion) -> None:
    assert await taken(picture, size, aws, theme.DARK.name) == pictures(name=f"{picture.name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("name", [one.name for one in theme.THEMES if one is not theme.DARK])
@pytest.mark.parametrize(
    "picture", [picture for picture in PICTURES if picture.name in THEMED], ids=lambda picture: picture.name
)
async def test_a_theme(picture: Picture, name: str, aws: Aws, pictures: SnapshotAssertion) -> None:
    assert await taken(picture, (120, 36), aws, name) == pictures(name=f"{picture.name}-{name}")


async def taken(picture: Picture, size: tuple[int, int], aws: Aws, name: str) -> str:
    """The picture as SVG."""
    options = Options(refresh=NEVER, calls_per_minute=MANY, theme=name, tour=False, export_directory=Path("exports"))
    app = ConsoleApp(options, lambda options, narrate: aws)
    async with app.run_test(size=size) as pilot:
        await seen(pilot, "● Completed")
        for key, shows in picture.way:
            await pilot.press(key)
            await seen(pilot, shows)
        await pilot.pause(0.2)
        # The fonts of whoever looks at it do: a picture in a repository fetches nothing.
        return re.sub(r"\s*@font-face \{.*?\}", "", app.export_screenshot(title="", simplify=True), flags=re.DOTALL)


async def seen(pilot: Pilot[None], text: str) -> None:
    """Wait until this is on the screen."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    await until(pilot, lambda: text in screen_text(app), tries=PATIENCE)
