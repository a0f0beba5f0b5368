"""Every mastering decision, from measurements made up for it."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.errors import UnknownNameError
from masterify_core.planning import plan
from masterify_core.planning.tone import MOST_TONE_DB, STEEPEST_DB_PER_OCTAVE
from masterify_core.presets import Library
from tests.plans import HZ, LIBRARY, bad, planned, reason_of, settings_for, song

WIDER_THAN_USUAL_DB = 12.0


def tone_db(measurement, **changed):
    found = settings_for(planned(measurement, **changed), "tone")
    return np.zeros(len(HZ)) if found is None else np.array(found["db"])


@pytest.mark.parametrize("genre", LIBRARY.genres())
def test_a_song_as_its_genre_usually_is_needs_nothing(genre):
    recipe = planned(song(genre), genre=genre)
    assert recipe.steps == ()


def test_every_stage_is_used_or_skipped_and_always_for_a_reason():
    premium = planned(bad(), tier="premium")
    for recipe in (planned(bad()), planned(song()), planned(bad(), intensity=0.0), premium):
        stages = [step.stage for step in recipe.steps] + [skipped.stage for skipped in recipe.skipped]
        assert sorted(stages) == sorted(LIBRARY.tier(recipe.tier).stages)
        assert all(each.reason for each in (*recipe.steps, *recipe.skipped, *recipe.deliveries))
    assert [step.stage for step in planned(bad()).steps] == list(LIBRARY.tier("standard").stages)
    used = [step.stage for step in premium.steps]
    assert used == [stage for stage in LIBRARY.tier("premium").stages if stage in used]
    assert set(used) >= {"repair", "tone", "stereo", "dynamic_eq", "dynamics", "saturation"}


def test_intensity_0_plans_nothing():
    recipe = planned(bad(), intensity=0.0)
    assert recipe.steps == ()
    assert "intensity is 0" in reason_of(recipe, "tone")


def test_more_intensity_does_more():
    moved = [np.abs(tone_db(bad(), intensity=intensity)).sum() for intensity in (10.0, 50.0, 100.0)]
    assert moved == sorted(moved)
    assert moved[0] < moved[-1]


@pytest.mark.parametrize(
    ("lufs", "dbtp"), [(-16.0, -0.5), (-9.0, -0.5), (-9.0, -2.03)], ids=["quiet", "loud", "ours"]
)
def test_a_finished_song_is_left_alone_and_told(lufs, dbtp):
    """A few hundredths under the strictest ceiling, -2 dBTP, is where our own masters are."""
    recipe = planned(bad(integrated_lufs=lufs, true_peak_dbtp=dbtp))
    assert [step.stage for step in recipe.steps] == ["repair"]  # of DC
    assert recipe.steps[0].settings["high_pass_hz"] == 0.0
    assert "finished already" in reason_of(recipe, "tone")
    assert any("finished already" in note for note in recipe.notes)


def test_high_intensity_masters_a_finished_song_all_the_same():
    recipe = planned(bad(integrated_lufs=-9.0, true_peak_dbtp=-0.5), intensity=80.0)
    assert settings_for(recipe, "tone") is not None
    assert any("intensity is high" in note for note in recipe.notes)


@pytest.mark.parametrize(("lufs", "dbtp"), [(-25.0, -0.1), (-14.0, -8.0)], ids=["quiet", "headroom"])
def test_a_song_that_is_only_loud_or_only_full_is_not_finished(lufs, dbtp):
    recipe = planned(bad(integrated_lufs=lufs, true_peak_dbtp=dbtp))
    np.testing.assert_allclose(settings_for(recipe, "tone")["db"], tone_db(bad()))
    assert not recipe.notes


@pytest.mark.parametrize(
    ("dc", "taken"), [((0.0001, 0.0), ()), ((0.002, 0.0), (0.002, 0.0)), ((0.0, -0.5), (0.0, -0.5))]
)
def test_dc_is_taken_where_there_is_some(dc, taken):
    found = settings_for(planned(song(dc=dc)), "repair")
    assert (tuple(found["dc"]) if found else ()) == taken


def test_dc_counts_as_loud_as_the_loudest_master_will_make_it():
    assert settings_for(planned(song(dc=(0.0005, 0.0), integrated_lufs=-22.0)), "repair") is not None
    assert settings_for(planned(song(dc=(0.0005, 0.0), integrated_lufs=-8.0)), "repair") is None


def test_rumble_is_filtered_where_there_is_some():
    assert settings_for(planned(song(subsonic_db=-10.0)), "repair")["high_pass_hz"] == 20.0
    assert settings_for(planned(song(subsonic_db=-40.0)), "repair") is None
    assert settings_for(planned(song(subsonic_db=-math.inf)), "repair") is None


@pytest.mark.parametrize("genre", LIBRARY.genres())
@settings(deadline=None, max_examples=25)
@given(
    deviation=st.lists(st.floats(-40.0, 40.0), min_size=len(HZ), max_size=len(HZ)),
    intensity=st.floats(0.0, 100.0),
)
def test_tone_is_bounded_and_gentle(genre, deviation, intensity):
    level = np.array(song(genre).third_octaves_db)
    level[2:-1] += deviation
    move = tone_db(song(genre, third_octaves_db=tuple(level)), genre=genre, intensity=intensity)
    assert np.abs(move).max() <= MOST_TONE_DB + 0.01
    assert np.abs(move[HZ >= 16_000.0]).max() <= 3.01
    assert (np.abs(np.diff(move)) <= (STEEPEST_DB_PER_OCTAVE + 0.1) * np.diff(np.log2(HZ)) + 0.01).all()


def test_a_dull_song_is_brightened_and_a_bright_one_dulled():
    dull, bright = tone_db(song(tilt_db=-1.5)), tone_db(song(tilt_db=1.5))
    assert dull[HZ > 6000.0].max() > 0.5 > -1.0 > dull[HZ < 100.0].min()
    assert bright[HZ > 6000.0].min() < -0.5 < 1.0 < bright[(HZ > 40.0) & (HZ < 100.0)].max()
    assert np.abs(dull[(HZ > 600.0) & (HZ < 1500.0)]).max() < 1.0
    assert "around" in reason_of(planned(song(tilt_db=-1.5)), "tone")


def corrected(measurement):
    """The song after the tone that is planned for it."""
    level = np.array(measurement.third_octaves_db)
    level[2:-1] += tone_db(measurement)
    return dataclasses.replace(measurement, third_octaves_db=tuple(level))


@pytest.mark.parametrize("tilt_db", [-0.7, 0.7])
def test_a_corrected_spectrum_needs_no_more_correction(tilt_db):
    before = song(tilt_db=tilt_db)
    assert tone_db(before).any()
    assert not tone_db(corrected(before)).any()


@pytest.mark.parametrize("tilt_db", [-3.0, -1.5, 1.0, 2.0])
def test_mastering_again_and_again_asks_for_less_and_soon_for_nothing(tilt_db):
    measurement, moves = song(tilt_db=tilt_db), []
    while (move := tone_db(measurement)).any():
        moves.append(np.abs(move).max())
        measurement = corrected(measurement)
    assert len(moves) < 5
    assert moves == sorted(moves, reverse=True)


def test_empty_parts_of_the_spectrum_are_never_raised():
    level = np.array(song(tilt_db=-1.5).third_octaves_db)
    level[2:-1][HZ > 11_000.0] = -math.inf  # a song from a lossy source
    move = tone_db(song(third_octaves_db=tuple(level)))
    assert np.isfinite(move).all()
    assert move[HZ >= 16_000.0].max() <= 0.5


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_frequencies_a_song_cannot_hold_play_no_part(rate):
    level = np.array(song(tilt_db=-2.0).third_octaves_db)
    level[2:-1][rate < HZ * 2.0] = -math.inf
    assert np.isfinite(tone_db(song(rate=rate, third_octaves_db=tuple(level)))).all()


def test_nothing_to_compare_is_nothing_to_correct():
    recipe = planned(song(third_octaves_db=(-math.inf,) * 31))
    assert "too little of the spectrum" in reason_of(recipe, "tone")


def test_a_generators_harshness_counts_sooner():
    level = np.array(song().third_octaves_db)
    level[2:-1][(HZ >= 5000.0) & (HZ <= 12_000.0)] += 6.0
    harsh = song(third_octaves_db=tuple(level))
    sensitive = dataclasses.replace(LIBRARY.ai_service("other"), harsh_spread_scale=0.5)
    fussy = Library.load()
    fussy._values["ai_services", "fussy"] = sensitive
    fussy._files["ai_services"]["fussy"] = None
    request = {"platforms": (), "genre": "other", "tier": "standard", "intensity": 50.0}
    cuts = [
        np.array(decision.settings["db"]).min()
        for name in ("other", "fussy")
        for decision in plan(harsh, fussy, ai_service=name, **{**request, "platforms": ("spotify",)}).steps
        if decision.stage == "tone"
    ]
    assert cuts[1] < cuts[0] < 0.0


def test_a_mono_song_gets_no_stereo():
    recipe = planned(bad(channels=1, dc=(0.02,)))
    assert settings_for(recipe, "stereo") is None
    assert "mono" in reason_of(recipe, "stereo")
    assert tuple(settings_for(recipe, "repair")["dc"]) == (0.02,)


def test_equal_channels_are_not_widened():
    recipe = planned(song(side_mid_db=(-math.inf,) * 9))
    assert "no side to widen" in reason_of(recipe, "stereo")


def sides(genre="other", **more):
    return song(side_mid_db=tuple(db + more.get("by_db", 0.0) for db in LIBRARY.genre(genre).side_mid_db))


def test_a_narrow_song_is_widened_and_a_wide_one_narrowed_within_bounds():
    narrow = settings_for(planned(sides(by_db=-WIDER_THAN_USUAL_DB)), "stereo")
    wide = settings_for(planned(sides(by_db=WIDER_THAN_USUAL_DB)), "stereo")
    assert 0.3 <= narrow["width_db"] <= 2.0
    assert -4.0 <= wide["width_db"] <= -0.3
    assert wide["mono_below_hz"] == LIBRARY.genre("other").mono_below_hz
    assert narrow["mono_below_hz"] == 0.0


def test_a_song_that_mono_playback_hurts_is_not_widened():
    hurt = dataclasses.replace(sides(by_db=-WIDER_THAN_USUAL_DB), mono_loss_db=3.0)
    assert settings_for(planned(hurt), "stereo") is None


def moving(*factors):
    usual = np.array(LIBRARY.genre("other").band_sigma_db)
    scale = np.concatenate([[factors[0]], [factors[1]] * 4, [factors[2]] * 4])
    return song(band_sigma_db=tuple(usual * scale))


def test_one_band_where_all_move_alike_three_where_not():
    glue = settings_for(planned(moving(1.6, 1.6, 1.6)), "dynamics")
    assert len(glue["bands"]) == 1
    bass = settings_for(planned(moving(2.0, 1.0, 1.0)), "dynamics")
    assert [band["ratio"] > 1.0 for band in bass["bands"]] == [True, False, False]
    assert [band["cap_db"] > 0.0 for band in bass["bands"]] == [True, False, False]
    assert "bass" in reason_of(planned(moving(2.0, 1.0, 1.0)), "dynamics")


def test_premium_compresses_each_of_five_bands_for_itself():
    found = settings_for(planned(moving(1.6, 1.0, 1.6), tier="premium"), "dynamics")
    assert [band["ratio"] > 1.0 for band in found["bands"]] == [True, False, False, True, True]
    assert all(band["crest_ms"] > 0.0 for band in found["bands"])
    standard = settings_for(planned(moving(1.6, 1.0, 1.6)), "dynamics")
    assert found["bands"][0]["threshold_dbfs"] < standard["bands"][0]["threshold_dbfs"]
    assert found["bands"][0]["cap_db"] >= standard["bands"][0]["cap_db"]


@pytest.mark.parametrize(("place", "zone"), list(enumerate(["mud", "harsh", "sibilance"])))
def test_premium_turns_down_the_zone_that_stands_out(place, zone):
    high = [-20.0] * 3
    high[place] = 30.0
    found = settings_for(planned(song(zone_high_db=tuple(high)), tier="premium"), "dynamic_eq")
    assert [cut["zone"] for cut in found["cuts"]] == [zone]
    assert found["cuts"][0]["most_db"] == (5.0 if zone == "sibilance" else 3.0)
    assert settings_for(planned(song(zone_high_db=tuple(high))), "dynamic_eq") is None
    assert settings_for(planned(song(), tier="premium"), "dynamic_eq") is None


def test_premium_saturates_what_lacks_density():
    thin, thinner = (
        settings_for(planned(song(psr_lu=psr_lu), tier="premium"), "saturation") for psr_lu in (18.0, 24.0)
    )
    assert 0.0 < thin["mix"] < thinner["mix"] <= 0.3
    assert 0.0 < thin["drive_db"] < thinner["drive_db"] <= 2.0
    dense = planned(song(psr_lu=12.0), tier="premium")
    assert settings_for(dense, "saturation") is None
    assert "dense enough" in reason_of(dense, "saturation")
    assert settings_for(planned(song(psr_lu=math.inf), tier="premium"), "saturation") is None


def test_a_song_that_moves_little_is_not_compressed():
    assert settings_for(planned(moving(0.3, 0.5, 0.7)), "dynamics") is None


@settings(deadline=None, max_examples=100)
@given(
    factors=st.tuples(*[st.floats(0.0, 10.0)] * 3),
    thresholds=st.tuples(*[st.floats(-120.0, 100.0)] * 5),
    intensity=st.floats(0.0, 100.0),
    lufs=st.floats(-69.0, 90.0),
    dc=st.floats(-400.0, 400.0),
)
def test_whatever_is_measured_the_plan_is_legal(factors, thresholds, intensity, lufs, dc):
    odd = dataclasses.replace(
        moving(*factors),
        band_threshold_db=thresholds,
        integrated_lufs=lufs,
        dc=(dc, -dc),
        true_peak_dbtp=lufs + 12.0,
    )
    for step in planned(odd, intensity=intensity).steps:
        step.made()


def test_a_song_too_short_for_a_loudness_gets_no_stages():
    recipe = planned(bad(integrated_lufs=-math.inf))
    assert recipe.steps == ()
    assert any("shorter than 0.4 s" in note for note in recipe.notes)


def test_orders_are_the_platforms_numbers_or_those_asked_for():
    first, second = planned(song(), platforms=("spotify", "apple_music")).deliveries
    assert (first.platform, second.platform) == ("spotify", "apple_music")
    assert (first.loudness_lufs, first.limiter.ceiling_dbtp) == (-14.0, -1.0)
    assert second.loudness_lufs == LIBRARY.platform("apple_music").loudness_lufs
    (asked,) = planned(
        song(), loudness_lufs=-9.0, ceiling_dbtp=-0.3, bit_depth="16", sample_rate=48_000
    ).deliveries
    assert (asked.loudness_lufs, asked.limiter.ceiling_dbtp, asked.bit_depth, asked.sample_rate) == (
        -9.0,
        -0.3,
        "16",
        48_000,
    )
    (loud,) = planned(song(), loudness_lufs=-9.0).deliveries
    assert loud.limiter.ceiling_dbtp == LIBRARY.platform("spotify").ceiling_for(-9.0)


@pytest.mark.parametrize("kind", ["genre", "ai_service", "tier"])
def test_a_name_nobody_knows_is_refused(kind):
    with pytest.raises(UnknownNameError, match="'nobody' is unknown"):
        planned(song(), **{kind: "nobody"})
