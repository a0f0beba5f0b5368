"""Hold the n8n flows of the Template Hub against the nodes of an installed n8n: types, versions, parameters, choices,
credentials. Not part of the tests.

``python -m tests.opt_in.check_in_n8n PATH/node_modules`` ends with 0 if n8n knows everything that the flows name.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from masterify_server.hub.files import texts

IN_EVERY_NODE = {"httpBearerAuth"}  # chosen by a parameter, not listed with the node


def problems(parameters, known, place):
    """Names and choices that the description of a node (``known``: its properties) does not have."""
    by_name = defaultdict(list)
    for prop in known:
        by_name[prop["name"]].append(prop)
    for name, value in parameters.items():
        where = f"{place}.{name}"
        if name not in by_name:
            yield f"{where}: unknown"
            continue
        found = [inner for prop in by_name[name] for inner in _inside(prop, value, where)]
        if all(inner for inner in found) and found:
            yield from found[0]


def _inside(prop, value, where):
    """What is wrong with a value, for each way in which its property may be meant; empty if nothing."""
    options = prop.get("options", [])
    if prop["type"] == "options":
        fits = (
            not isinstance(value, str)
            or value.startswith("=")
            or value in [each.get("value") for each in options]
        )
        yield [] if fits else [f"{where}: {value!r} is no choice"]
    elif prop["type"] == "collection":
        yield list(problems(value, options, where))
    elif prop["type"] == "fixedCollection":
        groups = {each["name"]: each["values"] for each in options}
        wrong = [f"{where}.{name}: unknown" for name in value if name not in groups]
        for name in set(value) & set(groups):
            held = value[name] if isinstance(value[name], list) else [value[name]]
            wrong += [each for item in held for each in problems(item, groups[name], f"{where}.{name}")]
        yield wrong
    else:
        yield []


def main(modules):
    described = defaultdict(list)
    for node in json.loads((modules / "n8n-nodes-base" / "dist" / "types" / "nodes.json").read_text("utf-8")):
        described[node["name"]].append(node)
    version = json.loads((modules / "n8n" / "package.json").read_text("utf-8"))["version"]
    wrong, count = [], 0
    for name, text in texts().items():
        for node in json.loads(text).get("nodes", ()):
            place, kind, at = f"{name}: {node['name']}", node["type"].rpartition(".")[2], node["typeVersion"]
            versions = [
                each
                for each in described[kind]
                if at in (v if isinstance(v := each["version"], list) else [v])
            ]
            count += 1
            if not versions:
                wrong.append(f"{place}: no {kind} {at}")
                continue
            wrong += problems(node["parameters"], versions[0]["properties"], place)
            known = {each["name"] for each in versions[0].get("credentials", ())} | IN_EVERY_NODE
            wrong += [
                f"{place}: no credential {each}" for each in node.get("credentials", {}) if each not in known
            ]
    sys.stdout.write("\n".join([*wrong, f"n8n {version}: {count} nodes, {len(wrong)} problems"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
