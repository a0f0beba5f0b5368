"""What a genre does to a song: different from the others, and in the right direction."""

import dataclasses

import numpy as np
import pytest

from masterify_core import chain, files
from masterify_core.audio import Audio
from masterify_core.metering.report import measure
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from tests.plans import HZ, LIBRARY, planned, settings_for, song
from tests.shared_audio import shared

GENRES = ("kpop", "edm", "hiphop", "pop", "other", "ballad")
FROM_S, TO_S = 20, 38


def tone_db(genre, low_hz, high_hz, measurement):
    found = settings_for(planned(measurement, genre=genre), "tone")
    return 0.0 if found is None else float(np.mean(np.array(found["db"])[(low_hz <= HZ) & (high_hz >= HZ)]))


def test_an_average_song_is_moved_to_the_genre():
    average = song("other")
    sub = {genre: tone_db(genre, 31.5, 80.0, average) for genre in GENRES}
    air = {genre: tone_db(genre, 8000.0, 16_000.0, average) for genre in GENRES}
    assert min(sub["edm"], sub["hiphop"]) > sub["kpop"] > 0.3 > 0.0 == sub["other"] > sub["ballad"]
    assert air["kpop"] > 0.0 == air["other"] >= air["ballad"]


@pytest.mark.parametrize("genre", ["kpop", "edm", "hiphop", "ballad"])
def test_what_a_genre_adds_is_not_added_twice(genre):
    """The song that its tone stage makes of the average song needs no more of it."""
    average = song("other")
    level = np.array(average.third_octaves_db)
    level[2:-1] += settings_for(planned(average, genre=genre), "tone")["db"]
    again = settings_for(
        planned(dataclasses.replace(average, third_octaves_db=tuple(level)), genre=genre), "tone"
    )
    assert again is None or np.abs(np.array(again["db"])[HZ >= 50.0]).max() < 0.5  # below, nothing is raised


def test_wide_genres_widen_and_ballads_do_not():
    """A song 1 dB narrower than usual is within the spread of all, and beside the wish of some."""
    usual = LIBRARY.genre("other").side_mid_db
    narrow = song("other", side_mid_db=tuple(db - 1.0 for db in usual))
    width = {}
    for genre in GENRES:
        found = settings_for(planned(narrow, genre=genre), "stereo")
        width[genre] = 0.0 if found is None else found["width_db"]
    assert min(width["kpop"], width["edm"]) > 0.5
    assert max(width["other"], width["hiphop"], width["ballad"]) <= 0.0


def test_dense_genres_are_denser_by_their_numbers():
    cap = {genre: LIBRARY.genre(genre).compression_cap_db for genre in GENRES}
    psr = {genre: LIBRARY.genre(genre).psr_lu for genre in GENRES}
    assert min(cap["kpop"], cap["edm"]) > cap["pop"] >= cap["other"] > cap["ballad"]
    assert max(psr["kpop"], psr["edm"], psr["hiphop"]) < psr["pop"] < psr["other"] < psr["ballad"]


def sound_of(audio):
    """Sub and air over the middle, width, peaks over loudness."""
    m = measure(audio)
    hz, level_db = np.array(THIRD_OCTAVES_HZ), np.array(m.third_octaves_db)

    def part_db(low_hz, high_hz):
        return level_db[(hz >= low_hz) & (hz <= high_hz)].mean()

    middle = part_db(400.0, 3000.0)
    return np.array(
        [
            part_db(31.0, 80.0) - middle,
            part_db(8000.0, 16_000.0) - middle,
            np.mean(m.side_mid_db[2:]),
            m.psr_lu,
        ]
    )


def test_real_mixes_go_where_their_genre_is():
    changes = dict.fromkeys(GENRES, 0.0)
    for name in ("caesium_unmastered_48k24.flac", "lithium_unmastered_48k24.flac"):
        audio = files.read(shared(f"mix/{name}")).audio
        audio = Audio(
            np.ascontiguousarray(audio.samples[:, FROM_S * audio.rate : TO_S * audio.rate]), audio.rate
        )
        measured, before = measure(audio), sound_of(audio)
        for genre in GENRES:
            stages = planned(measured, genre=genre, tier="premium").stages()
            changes[genre] = changes[genre] + (sound_of(chain.run(audio, stages)) - before) / 2.0
    sub, air, width, peaks = (
        dict(zip(GENRES, column, strict=True)) for column in np.array(list(changes.values())).T
    )
    assert min(sub["edm"], sub["hiphop"]) > sub["kpop"] > sub["pop"] > sub["ballad"]
    assert air["kpop"] > air["other"] >= air["ballad"] - 0.05
    assert max(width["kpop"], width["edm"]) > width["ballad"]
    assert max(peaks["kpop"], peaks["edm"]) < peaks["pop"] < peaks["ballad"]
