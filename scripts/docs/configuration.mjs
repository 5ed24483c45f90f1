import { optionTable } from './table.mjs';

/** Every option that a configuration file can have, with its path. */
export function configurationReference(sections, linkTo) {
  const { options } = sections.get('StartOptions');
  const top = [...options, ...sections.get('OwnOptions').options].filter(inFile);
  const single = top.filter(({ sections: inner }) => inner.length === 0);
  const grouped = top.filter(({ sections: inner }) => inner.length > 0);
  return [
    optionTable(single, () => undefined),
    ...grouped.map((option) => `### ${option.name}\n\n${partOf(option, linkTo)}`),
  ].join('\n\n');
}

function partOf(option, linkTo) {
  const links = option.sections.map(({ name }) => linkTo(name)).filter(Boolean);
  const rows = flattened(option, `${option.name}${stepOf(option.type)}`, new Set());
  return `${[`\`${option.type}\`.`, option.doc, `More: ${links.join(', ')}.`].join(' ')}\n\n${optionTable(rows, () => undefined)}`;
}

/** Options below one, each with its path in place of its name. What comes a second time in a path is left out. */
function flattened(option, path, above) {
  return option.sections.flatMap((section) =>
    above.has(section.name)
      ? []
      : [...section.options]
          .filter(inFile)
          .sort(requiredFirst)
          .flatMap((inner) => {
            const name = `${path}${inner.name}`;
            const below = section.name === '' ? above : new Set([...above, section.name]);
            const steps = `${name}${stepOf(inner.type)}`;
            return [{ ...inner, name, sections: [] }, ...flattened(inner, steps, below)];
          }),
  );
}

/** From a section to what is in it: by any name, in any place of a list, or by a point. */
function stepOf(type) {
  if (/Record<string/.test(type)) return '.*.';
  return /\w\[\]|\)\[\]/.test(type) ? '[].' : '.';
}

const inFile = ({ rules, name }) => rules.inFile && !['onError'].includes(name);

const requiredFirst = (one, other) => Number(one.optional) - Number(other.optional);
