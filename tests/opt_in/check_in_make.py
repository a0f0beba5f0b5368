"""Hold the make.com blueprints of the Template Hub against make.com's public types. Not part of the tests.

``npm install @makehq/sdk typescript`` somewhere, then ``python -m tests.opt_in.check_in_make PATH/node_modules`` ends with 0
if the compiler takes every blueprint. The type is that of the API: an exported file has a name, a flow and metadata
only, and its routers say ``"mapper": null``, which the type does not know.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from masterify_server.hub.files import texts

TYPES = (
    'import type { Blueprint } from "@makehq/sdk";\n'
    'type Exported = Pick<Blueprint, "name" | "flow" | "metadata">;\n'
)
OPTIONS = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]


def without_null_mappers(value):
    if isinstance(value, list):
        return [without_null_mappers(each) for each in value]
    if isinstance(value, dict):
        return {
            name: without_null_mappers(each)
            for name, each in value.items()
            if not (name == "mapper" and each is None and value["module"] == "builtin:BasicRouter")
        }
    return value


def main(modules):
    blueprints = [json.loads(text) for name, text in texts().items() if ".make." in name]
    lines = [
        f"export const b{number}: Exported = {json.dumps(without_null_mappers(each))};\n"
        for number, each in enumerate(blueprints)
    ]
    with tempfile.TemporaryDirectory(dir=modules.parent) as folder:
        path = Path(folder) / "check.ts"
        path.write_text(TYPES + "".join(lines), encoding="utf-8")
        compiler = modules / "typescript" / "bin" / "tsc"
        done = subprocess.run(["node", compiler, *OPTIONS, path], capture_output=True, text=True)
    version = json.loads((modules / "@makehq" / "sdk" / "package.json").read_text("utf-8"))["version"]
    sys.stdout.write(
        f"{done.stdout}@makehq/sdk {version}: {len(blueprints)} blueprints, exit code {done.returncode}\n"
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
