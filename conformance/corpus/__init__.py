"""Case files → cases: reading YAML with file:line errors, products and covering arrays, choosing a part of it all.

    yaml_file       YAML that remembers the line of every value; errors that say what to do
    raw_case        one case as it is written in a file → a Case
    entry           one entry of a family: a case, a product, a covering array
    quantities, conditions, when    numbers and words of a question; conditions on them; how they are read from YAML
    conventions     SAME, VALID, output shapes: the words of each framework → numbers
    covering        arrays in which all combinations of a few values stand; covering_files keeps them beside the family
    load, choose    families → cases; globs and tiers → the cases that are meant
    random_cases, fuzzed    random valid configurations; random ones over all that a case can say
    spelled, neighbours     an id that spells a case; cases near a case
    lint, statistics, schema    what is wrong with a corpus, what it covers, its grammar for editors

It hands on `Case` objects; nothing above it reads YAML of cases.
"""
