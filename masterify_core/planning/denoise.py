"""Decides on denoising: where steady hiss was measured and can be heard."""

from __future__ import annotations

from masterify_core.metering.hiss import GAUSSIAN_DB
from masterify_core.planning.aim import NOT_LOOKED_FOR, NOTHING_ASKED, Aim, Decision
from masterify_core.stages.denoise import Denoise

FLATNESS_MARGIN_DB = 0.6  # 46 undamaged songs: the flattest that can be heard is 1.1 dB under Gaussian noise
NEAR_DB = 36.0  # under the song's loud moments; what sounds steadily nearer is a texture of the song: nothing in it is quiet
AUDIBLE_DB = 60.0  # under the song's loud moments; further down it needs no help
MOST_DB = 6.0


def decide(aim: Aim) -> Decision:
    """Turn down what the quiet moments show to be steady Gaussian noise."""
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if aim.findings is None:
        return Decision(None, NOT_LOOKED_FOR)
    hiss = aim.findings.hiss
    if hiss is None:
        return Decision(None, "no quiet moments to judge noise by")
    under = f"{hiss.under_song_db:.0f} dB under the song"
    if hiss.flatness_db < GAUSSIAN_DB - FLATNESS_MARGIN_DB / aim.prior.finding_scale:
        return Decision(None, f"no hiss found: what sounds in the quiet moments ({under}) moves like music")
    if hiss.under_song_db < NEAR_DB:
        return Decision(None, f"no moments quiet enough to judge noise by: the quietest lie {under}")
    if hiss.under_song_db > AUDIBLE_DB:
        return Decision(None, f"hiss lies {under}: too quiet to matter")
    if aim.holds_back <= 0.5:
        return Decision(None, f"hiss lies {under}, but the song is finished already")
    most_db = round(MOST_DB * min(aim.strength, 1.0), 2)
    stage = Denoise(hz=hiss.hz, density_dbfs=hiss.density_dbfs, most_db=most_db)
    return Decision(
        stage, f"steady hiss {under}: turned down by up to {most_db:g} dB where nothing covers it"
    )
