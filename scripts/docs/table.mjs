import { written } from './schemas.mjs';

/** The lines of a table of options. `linkTo` gives where a type's own table is. */
export function optionTable(options, linkTo, prefix = '') {
  return [
    '| option | value | default | |',
    '|---|---|---|---|',
    ...options.flatMap((option) => rowsOf(option, linkTo, prefix)),
  ].join('\n');
}

function rowsOf(option, linkTo, prefix) {
  const { fallback, meaning } = partsOf(option.doc);
  const links = option.sections.map(({ name }) => linkTo(name)).filter(Boolean);
  const see = links.length > 0 ? `See ${links.join(', ')}.` : '';
  const cells = [
    `\`${prefix}${option.name}\``,
    valueText(option),
    option.optional ? fallback : 'required',
    [meaning, see].filter(Boolean).join(' '),
  ];
  const inner = option.sections.filter(({ name }) => name === '');
  return [
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
    ...inner.flatMap((section) =>
      section.options.flatMap((each) => rowsOf(each, linkTo, `${prefix}${option.name}.`)),
    ),
  ];
}

/** A doc comment without the sentence on the default, and that. */
export function partsOf(doc) {
  const sentence = /(?:^|(?<=[.:;] ))Default(?::| is)? (.+?)\.(?=\s|$)/;
  const fallback = sentence.exec(doc)?.[1] ?? '';
  const meaning = doc
    .replace(sentence, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
  return { fallback, meaning };
}

/** What is wrong with what the comment says of the default, where the schema says one too. */
export function problemWithDefault({ doc, optional, rules }) {
  if (!optional || rules.fallback === undefined || rules.fallback === '') return undefined;
  const { fallback } = partsOf(doc);
  if (fallback === '') return 'its comment does not say the default';
  const said = fallback
    .replace(/[`']/g, '')
    .split(/[:; ]|,(?!\d)/)[0]
    .replace(/\.$/, '');
  const accepted = { true: ['true', 'on'], false: ['false', 'off', 'none'] }[String(rules.fallback)];
  const wanted = accepted ?? [
    typeof rules.fallback === 'number' ? written(rules.fallback) : rules.fallback,
    String(rules.fallback),
  ];
  const saidPlainly = fallback.toLowerCase().includes(`\`${rules.fallback}\``);
  return saidPlainly || wanted.includes(said)
    ? undefined
    : `its comment says the default ${fallback}, and the schema ${rules.fallback}`;
}

function valueText({ type, rules }) {
  const parts = type.includes('=>') ? withoutFunctions(type) : type.split(/ \| (?![^(<{]*[>)}])/);
  const texts = parts.map((part) => (part === 'number' && rules.bounds ? rules.bounds : named(part)));
  return texts.join(' or ');
}

function withoutFunctions(type) {
  const others = type.split(' | ').filter((part) => /^(?:number|string|boolean|false|true)$/.test(part));
  const objects = /\b[A-Z]\w+Options\b|\bStaticFallback\b/.exec(type.replace(/\(.*?\) =>.*/, ''));
  return [...new Set([...others, ...(objects ? [objects[0]] : []), 'a function'])];
}

const named = (part) => (part === 'a function' ? part : `\`${part}\``);
