"""The reference of all settings, docs/config.md, from the schema: ``python -m wsss.config_reference``."""

from pydantic import BaseModel

from wsss.config import Config, ConfusionFigure, Experiment, FeatureFigure, Pictures, Sweep, Table, section_of


def reference(model: type[BaseModel] = Config, prefix: str = "") -> str:
    """The Markdown reference of all settings."""
    lines, nested = [], []
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section is not None:
            nested.append((section, f"{prefix}{name}"))
        if section is None or field.default is None:
            default = "required" if field.is_required() else f"`{field.default!r}`".replace("|", "\\|")
            lines.append(f"| `{prefix}{name}` | {default} | {field.description or ''} |")
    table = "\n".join(["| setting | default | meaning |", "|---|---|---|", *lines]) if lines else ""
    parts = [table] if table else []
    for kind, name in nested:
        parts.append(f"## `{name}`\n\n{kind.__doc__.strip()}\n\n{reference(kind, f'{name}.')}")
    return "\n\n".join(parts)


if __name__ == "__main__":
    print("# Configuration\n\nGenerated from `src/wsss/config.py` by `make docs`.\n")
    print(reference())
    entries = {"experiments": Experiment, "tables": Table, "sweeps": Sweep, "figures": Pictures}
    entries |= {"feature_figures": FeatureFigure, "confusion_figures": ConfusionFigure}
    for name, kind in entries.items():
        print(f"\n## An entry of `{name}`\n\n{kind.__doc__}\n\n{reference(kind)}")
