"""Everything that a method shows: a target called as the method.  NSROM's is ``paper``."""

for method in SHOWN_OF:

    rule:
        name:
            method
        input:
            [getattr(rules, name).input for name in SHOWN_OF[method]],
        localrule: True
