// The language of conditions, as the ledger prints it, read from a search box: "stride = 3, groups > 1, float16".
// What is a number or a property of a case comes from the page's part `conditions`; this file knows signs and grammar.

const SIGNS = {
  "=": "=",
  "==": "=",
  is: "=",
  "≠": "≠",
  "!=": "≠",
  "<": "<",
  "≤": "≤",
  "<=": "≤",
  ">": ">",
  "≥": "≥",
  ">=": "≥",
};
const HOLDS = {
  "=": (one, other) => one === other,
  "≠": (one, other) => one !== other,
  "<": (one, other) => one < other,
  "≤": (one, other) => one <= other,
  ">": (one, other) => one > other,
  "≥": (one, other) => one >= other,
  "a multiple of": (one, other) => (other === 0 ? one === 0 : one % other === 0),
};
const FIELDS = [
  "state",
  "framework",
  "route",
  "family",
  "group",
  "case",
  "dtype",
  "check",
  "fill",
  "verdict",
  "rank",
  "device",
  "run",
  "finding",
];

// Parts of a text between separators, which count neither inside brackets nor inside quotation marks.
function splitAt(text, separator) {
  const found = [""];
  let depth = 0,
    quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === "(") depth++;
    else if (!quoted && sign === ")") depth--;
    const here = depth === 0 && !quoted && text.slice(at).match(separator);
    if (here && here.index === 0) {
      found.push("");
      at += here[0].length - 1;
    } else found[found.length - 1] += sign;
  }
  return found.map((part) => part.trim()).filter(Boolean);
}

// What a text asks of rows: `test(row)`, `said`: how it was understood, `texts`: terms that were taken as plain text.
function reader(data, fields, conditions) {
  const { quantities, cases, rows } = conditions,
    names = {},
    count = data.words.case.length;
  for (const [name, { says }] of Object.entries(quantities)) names[name] = names[says] = name;
  const byLength = Object.keys(names).sort((one, other) => other.length - one.length);
  const known = { ...cases, ...rows };

  // A quantity at the beginning of a text, and what follows it.
  function quantity(text) {
    const name = byLength.find((name) => text.startsWith(name) && !/\w/.test(text[name.length] || " "));
    return name ? [names[name], text.slice(name.length).trim()] : null;
  }
  function compared(text) {
    const begun = quantity(text);
    if (!begun) return null;
    const [name, rest] = begun;
    const [, sign, right] = rest.match(/^(is a multiple of|==|!=|<=|>=|[=≠<≤>≥]|is(?= ))?\s*(.+)$/) || [];
    if (!right) return null;
    const word = sign === "is a multiple of" ? "a multiple of" : SIGNS[sign || "="];
    const operands = right.split(word === "≠" ? / and / : / or /).map((one) => {
      if (/^-?\d+$/.test(one.trim())) return Number(one);
      const other = quantity(one.trim());
      return other && !other[1] ? other[0] : null;
    });
    return operands.includes(null) ? null : { name, word, operands };
  }
  const spread = (name, index) => {
    const value = quantities[name].values[index];
    return Array.isArray(value) ? value : new Array(quantities.rank.values[index] || 1).fill(value);
  };
  function holdsOnAxes({ name, word, operands }, index) {
    const rights = operands.map((one) => (typeof one === "number" ? null : spread(one, index)));
    return spread(name, index).map((left, axis) => {
      const each = (one, at) => HOLDS[word](left, rights[at] ? rights[at][axis] : one);
      return word === "≠" ? operands.every(each) : operands.some(each);
    });
  }
  const perAxis = ({ name, operands }) =>
    [name, ...operands].some((one) => typeof one === "string" && quantities[one].axes);
  const told = ({ name, word, operands }) => {
    const said = operands.map((one) => (typeof one === "number" ? one : quantities[one].says));
    return `${quantities[name].says} ${word === "a multiple of" ? "is " : ""}${word} ${said.join(word === "≠" ? " and " : " or ")}`;
  };
  // Whether each case meets a test; what no case is known of meets nothing.
  function ofCases(test) {
    const found = new Uint8Array(count);
    for (let index = 0; index < count; index++)
      if (quantities.rank.values[index] !== null) found[index] = test(index) ? 1 : 0;
    return (row) => found[data.column.case[row]] === 1;
  }
  // Parts read together where they mean something together: a name or a list may have an "and" of its own.
  function greedily(parts, read, otherwise = () => null) {
    const found = [];
    for (let at = 0; at < parts.length;) {
      let one = null,
        taken = Math.min(parts.length, at + 8);
      while (!(one = read(parts.slice(at, taken).join(" and "))) && taken > at + 1) taken--;
      found.push(one || otherwise(parts[at]));
      at = taken;
    }
    return found;
  }
  function numbers(text) {
    const [, inner, on] = text.match(/^(.*?)(?: on (some|every|one) axis)?$/),
      tests = on === "one" ? greedily(inner.split(" and "), compared) : [compared(inner)];
    if (tests.includes(null)) return null;
    const axes = tests.some(perAxis),
      every = on === "every" || !axes;
    const test = ofCases((index) => {
      const each = tests.map((one) => holdsOnAxes(one, index));
      const all = each[0].map((_, axis) => each.every((one) => one[axis]));
      return every ? all.every(Boolean) : all.some(Boolean);
    });
    return { test, said: tests.map(told).join(" and ") + (axes ? ` on ${on || "some"} axis` : "") };
  }
  // A property of a case or of a row, as it is printed: "with bias", "float16 or bfloat16", "special operands".
  function property(text) {
    for (const [name, { says, words, values }] of Object.entries(known)) {
      if (Array.isArray(says)) {
        const at = says.indexOf(text);
        if (at >= 0) return { test: has(name, [at === 0 ? "True" : "False"], false), said: text };
        continue;
      }
      const negated = text.startsWith("not ") && !says.startsWith("not "),
        [before, after] = says.split("{}"),
        whole = negated ? text.slice(4) : text;
      if (!whole.startsWith(before) || !whole.endsWith(after) || whole.length < before.length + after.length) continue;
      const middle = whole.slice(before.length, whole.length - after.length).split(negated ? " and " : " or ");
      const found = middle.map((one) => words.find((word) => word.replaceAll("_", " ") === one || word === one));
      if (!found.includes(undefined)) return { test: has(name, found, negated), said: text };
    }
    if (text === "must be refused") return { test: has("expect", ["refuse"], false), said: text };
    if (text === "has an answer") return { test: has("expect", ["answer"], false), said: text };
    return null;
  }
  function has(name, wanted, negated) {
    const { words, values } = known[name];
    if (values) {
      const numbers = new Set(wanted.map((word) => words.indexOf(word)));
      return ofCases((index) => negated !== values[index].some((number) => numbers.has(number)));
    }
    const { words: all, numbers, map } = fields[name],
      good = all.map((word) => negated !== wanted.includes(word));
    return map ? (row) => good[map[numbers[row]]] : (row) => good[numbers[row]];
  }
  // "state new", "route = torch/*", "framework torch or jax": a field of the row and its words, where * is anything.
  function field(text) {
    const [, name, negated, right] = text.match(/^(\w+)(?:\s*(?:=|(≠|!=))\s*|\s+is\s+|\s+)(.+)$/) || [];
    if (!FIELDS.includes(name) || right.includes(" and ")) return null;
    const wanted = right.split(" or ").map((one) => one.trim().replace(/^"(.*)"$/, "$1"));
    const { words, numbers, map } = fields[name];
    const like = wanted.map(
      (one) => new RegExp(`^${one.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", ".*")}$`, "i"),
    );
    const good = words.map((word, index) => {
      const spoken = name === "finding" ? String(index) : word;
      return Boolean(negated) !== like.some((one) => one.test(spoken) || one.test(spoken.replaceAll("_", " ")));
    });
    return {
      test: map ? (row) => good[map[numbers[row]]] : (row) => good[numbers[row]],
      said: `${name} ${negated ? "≠" : "="} ${wanted.join(" or ")}`,
      none: !good.includes(true),
    };
  }
  function plainText(text) {
    const wanted = text.replace(/^"(.*)"$/, "$1").toLowerCase();
    const has = (name) => data.words[name].map((word) => word.toLowerCase().includes(wanted));
    const inCase = has("case"),
      inWhy = has("why");
    return {
      test: (row) => inCase[data.column.case[row]] || inWhy[data.column.why[row]],
      said: `“${wanted}” in case or cause`,
      text: wanted,
    };
  }
  function atom(text) {
    if (text.startsWith('"')) return null;
    const inner = text.match(/^not \((.*)\)$/);
    if (inner) {
      const read = condition(inner[1]);
      return { test: (row) => !read.test(row), said: `not (${read.said})` };
    }
    return numbers(text) || property(text) || field(text);
  }
  function alternative(text) {
    const found = greedily(splitAt(text, /^(?:,\s*| and )/), atom, plainText);
    return {
      terms: found,
      test: (row) => found.every((one) => one.test(row)),
      said: found.map((one) => one.said).join(" and "),
    };
  }
  function condition(text) {
    const found = splitAt(text, /^; ?or /).map(alternative);
    return {
      terms: found.length === 1 ? found[0].terms : [],
      test: found.length === 1 ? found[0].test : (row) => found.some((one) => one.test(row)),
      said: found.map((one) => one.said).join("; or "),
    };
  }
  const all = { terms: [], test: () => true, said: "always" };
  return (text) => (text.trim() === "always" ? all : condition(text.trim().replace(/^where /, "")));
}

// What can be written, for completion: fields with their words, numbers that occur, properties as they are printed.
function vocabulary(data, fields, conditions) {
  const found = [];
  for (const name of FIELDS)
    if (!["case", "finding", "rank"].includes(name) && fields[name].words.length > 1)
      for (const word of [...new Set(fields[name].words)]) if (word) found.push(`${name} ${word}`);
  for (const { says, values } of Object.values(conditions.quantities)) {
    const seen = [...new Set(values.flat())].filter((one) => one !== null).sort((one, other) => one - other);
    if (seen.length > 1) found.push(`${says} > ${seen[0]}`);
    found.push(...seen.slice(0, 12).map((value) => `${says} = ${value}`));
  }
  for (const { says, words } of Object.values(conditions.cases)) {
    if (Array.isArray(says)) found.push(...says);
    else found.push(...words.map((word) => says.replace("{}", word.replaceAll("_", " "))));
  }
  return [...new Set(found)];
}
