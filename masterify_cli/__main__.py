"""``python -m masterify_cli`` is ``masterify``."""

from masterify_cli.app import run

if __name__ == "__main__":
    run()
