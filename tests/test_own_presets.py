"""Own presets are found, override the shipped ones, and tell their mistakes by file and key."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterify_core import presets
from masterify_core.errors import SettingError, UnknownNameError
from masterify_core.presets import AiService, Genre, Library, Platform, Tier
from masterify_core.schema import build

SHIPPED = Path(__file__).parent.parent / "presets"
CLASSES = {"platforms": Platform, "genres": Genre, "ai_services": AiService, "tiers": Tier}
FILES = sorted(SHIPPED.glob("*/*.toml"))
RIGHT = 'title = "x"\nloudness_lufs = -14\n'


@pytest.fixture(autouse=True)
def no_own_presets(monkeypatch):
    """Keep the presets of whoever runs the tests out of them."""
    monkeypatch.setattr(presets, "user_presets_dir", lambda: Path("nowhere-at-all"))


@pytest.fixture
def library():
    return Library.load()


@pytest.fixture
def own(tmp_path):
    """Write one own preset and answer its folder."""

    def write(place: str, text: str | bytes) -> Path:
        file = tmp_path / "own" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "own"

    return write


@pytest.mark.parametrize("name", ["spotfy", "Spotify", "SPOTIFY", "spotify ", "spotify.toml"])
def test_a_name_that_was_nearly_right_gets_the_right_one(name, library):
    with pytest.raises(
        UnknownNameError, match=r"did you mean spotify\?\); known are amazon_music, apple_music"
    ):
        library.platform(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../platforms/spotify", "platforms/spotify", "/etc/passwd", "a\0b"]
)
@pytest.mark.parametrize("kind", ["platform", "genre", "ai_service", "tier"])
def test_names_are_never_paths(kind, name, library):
    with pytest.raises(UnknownNameError, match="is unknown"):
        getattr(library, kind)(name)


def test_a_name_is_looked_up_among_its_own_kind(library):
    with pytest.raises(UnknownNameError, match="genre 'spotify' is unknown"):
        library.genre("spotify")


def test_an_own_preset_is_found_by_its_name(own):
    folder = own("platforms/내_채널-2.toml", 'title = "내 채널"\nloudness_lufs = -12\n')
    library = Library.load([folder])
    assert library.platform("내_채널-2").title == "내 채널"
    assert "내_채널-2" in library.platforms()


def test_a_name_is_found_however_its_letters_are_composed(own):
    folder = own(
        unicodedata.normalize("NFD", "genres/발라드.toml"), (SHIPPED / "genres/ballad.toml").read_bytes()
    )
    library = Library.load([folder])
    assert (
        library.genre("발라드")
        == library.genre(unicodedata.normalize("NFD", "발라드"))
        == library.genre("ballad")
    )


def test_an_own_preset_replaces_a_shipped_one_whole(own):
    folder = own("platforms/spotify.toml", 'title = "Mine"\nloudness_lufs = -11\n')
    spotify = Library.load([folder]).platform("spotify")
    assert (spotify.loudness_lufs, spotify.ceiling_loud_dbtp, spotify.codecs) == (-11, None, ())
    assert Library.load().platform("spotify").loudness_lufs == -14


def test_the_last_folder_wins(tmp_path):
    for place, lufs in (("a", -11), ("b", -12)):
        (tmp_path / place / "platforms").mkdir(parents=True)
        (tmp_path / place / "platforms" / "x.toml").write_text(f'title = "x"\nloudness_lufs = {lufs}\n')
    assert Library.load([tmp_path / "a", str(tmp_path / "b")]).platform("x").loudness_lufs == -12


def test_the_users_folder_is_read_and_asked_for_folders_come_after_it(own, monkeypatch, tmp_path):
    monkeypatch.setattr(
        presets, "user_presets_dir", lambda: own("platforms/x.toml", 'title="u"\nloudness_lufs=-11')
    )
    assert Library.load().platform("x").title == "u"
    (tmp_path / "later" / "platforms").mkdir(parents=True)
    (tmp_path / "later" / "platforms" / "x.toml").write_text('title = "l"\nloudness_lufs = -11\n')
    assert Library.load([tmp_path / "later"]).platform("x").title == "l"


def test_an_own_genre_can_have_its_own_loudness_on_a_platform(own):
    own("genres/trot.toml", (SHIPPED / "genres/pop.toml").read_bytes())
    folder = own(
        "platforms/mine.toml", 'title = "x"\nloudness_lufs = -12\nloudness_by_genre = { trot = -9 }\n'
    )
    assert Library.load([folder]).platform("mine").target_lufs("trot") == -9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{RIGHT}ceiling = -1", "ceiling is unknown (did you mean ceiling_dbtp?)"),
        ('title = "x"\nloudness = -14', "loudness is unknown (did you mean loudness_lufs?)"),
        ('title = "x"', "loudness_lufs is missing"),
        ('title = "x"\nloudness_lufs = "-14"', "loudness_lufs must be a number, got '-14'"),
        ('title = "x"\nloudness_lufs = nan', "loudness_lufs must be a finite number, got nan"),
        ('title = "x"\nloudness_lufs = 2024-01-01', "loudness_lufs must be a number, got datetime.date"),
        (f"{RIGHT}loudness_by_genre = {{kpp = -8}}", "loudness_by_genre.kpp is unknown (did you mean kpop?)"),
        (f"{RIGHT}note 14", "the text is not TOML: Expected '=' after a key in a key/value pair (at line 3"),
        (f'{RIGHT}title = "y"', "the text is not TOML: Cannot overwrite a value (at "),
        (f'title = "x"\nloudness_lufs = {"9" * 5000}', "the text is not TOML: Exceeds the limit"),
        (b'title = "x"\nnote = "\xff"', "the text must be UTF-8, line 2 is not"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_own_preset_names_the_file_and_the_key(own, text, message):
    folder = own("platforms/mine.toml", text)
    with pytest.raises(SettingError) as caught:
        Library.load([folder]).platform("mine")
    assert str(caught.value).startswith(f"{folder / 'platforms' / 'mine.toml'}: {message}")


@given(data=st.data(), file=st.sampled_from(FILES))
def test_a_misspelled_key_of_any_shipped_preset_is_named_with_the_right_one(data, file):
    table, cls = tomllib.loads(file.read_text(encoding="utf-8")), CLASSES[file.parent.name]
    key = data.draw(st.sampled_from(sorted(table)))
    place = data.draw(st.integers(0, len(key) - 1))
    wrong = key[:place] + data.draw(st.sampled_from("qxz")) + key[place + 1 :]
    table[wrong] = table.pop(key)
    with pytest.raises(SettingError) as caught:
        build(cls, table)
    assert caught.value.key == wrong
    assert f"did you mean {key}?" in caught.value.problem


def test_a_mistake_in_a_shipped_preset_names_its_file_only(monkeypatch, tmp_path):
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers" / "x.toml").write_text('title = "x"\n')
    monkeypatch.setattr(presets, "import_module", lambda name: SimpleNamespace(__path__=[str(tmp_path)]))
    with pytest.raises(SettingError, match=r"^x\.toml: summary is missing$"):
        Library.load().tier("x")


def test_a_broken_preset_hurts_nobody_who_does_not_ask_for_it(own):
    library = Library.load([own("platforms/broken.toml", "= =")])
    assert library.platform("spotify").title == "Spotify"
    assert "broken" in library.platforms()


def test_a_preset_is_parsed_once(monkeypatch, library):
    first = library.platform("spotify")
    monkeypatch.setattr(presets, "_table", lambda file: pytest.fail("read again"))
    assert library.platform("spotify") is first


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("platform/x.toml", "platform is unknown (did you mean platforms?); known are platforms, genres"),
        ("presets/x.txt", "presets is unknown"),
        ("x.toml", "x.toml must be in one of the folders platforms, genres, ai_services, tiers"),
    ],
)
def test_a_folder_or_file_that_would_be_skipped_is_an_error(own, place, message):
    folder = own(place, 'title = "x"')
    with pytest.raises(SettingError) as caught:
        Library.load([folder])
    assert str(caught.value).startswith(f"{folder}: {message}")


@pytest.mark.parametrize(
    "place", ["platforms/x.tml", "platforms/README", "genres/sub/x.toml", "tiers/.toml.bak.toml/x"]
)
def test_a_stray_file_among_presets_is_an_error(own, place):
    folder = own(place, 'title = "x"')
    if Path(place).parts[1].startswith("."):
        assert Library.load([folder]).tiers() == ("premium", "standard")
        return
    with pytest.raises(SettingError, match=r"is not a preset: a preset is a file name\.toml"):
        Library.load([folder])


@pytest.mark.parametrize("name", ["a,b", "a b", "a.b", "spotify(1)"])
def test_a_name_that_cannot_stand_in_a_list_is_an_error(own, name):
    with pytest.raises(SettingError, match="must be named with letters, digits, _ and - only"):
        Library.load([own(f"platforms/{name}.toml", 'title = "x"')])


@pytest.mark.parametrize(
    "place", [".git/config", "README.md", "platforms/.DS_Store", "platforms/x.toml~", "genres/__pycache__/x"]
)
def test_what_is_plainly_no_preset_is_left_alone(own, place):
    assert Library.load([own(place, "")]).platforms() == Library.load().platforms()


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(SettingError, match="is not a folder; own presets are in platforms"):
            Library.load([place])


def test_a_home_that_may_not_be_entered_is_like_none(monkeypatch):
    class Shut:
        def is_dir(self):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(presets, "user_presets_dir", Shut)
    assert Library.load().platform("spotify").title == "Spotify"


def test_a_preset_that_may_not_be_read_is_told(own, monkeypatch):
    library = Library.load([own("platforms/x.toml", 'title = "x"')])

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SettingError, match=r"x\.toml: the file cannot be read: Permission denied"):
        library.platform("x")
