"""Addresses of songs in the dashboard."""

from __future__ import annotations

from masterify_server.api.routing import resource
from masterify_server.dashboard import song_form, song_page, song_player, songs
from masterify_server.dashboard.guard import signed_in
from masterify_server.dashboard.songs import SONGS

SONG = f"{SONGS}/{{job_id}}"

ROUTES = [
    resource(SONGS, GET=signed_in(songs.show_songs), POST=signed_in(song_form.send_song)),
    resource(f"{SONGS}/new", GET=signed_in(song_form.show_form)),
    resource(SONG, GET=signed_in(song_page.show_song)),
    resource(f"{SONG}/delete", POST=signed_in(song_page.delete_song)),
    resource(f"{SONG}/download", GET=signed_in(song_page.download_song)),
    resource(f"{SONG}/report", GET=signed_in(song_page.show_report)),
    resource(f"{SONG}/events", GET=signed_in(song_page.follow_song)),
    resource(f"{SONG}/player.json", GET=signed_in(song_player.read_player)),
    resource(f"{SONG}/excerpts/{{name}}", GET=signed_in(song_player.send_excerpt)),
]
