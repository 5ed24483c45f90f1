/** The parameters of a URL's query as they stand there, still encoded. */
export function parametersOf(url: string): string[] {
  const start = url.indexOf('?');
  return start === -1 ? [] : url.slice(start + 1).split('&');
}

/** A URL without some of its parameters. What is left is as it was, byte for byte. */
export function withoutParameters(url: string, taken: readonly string[]): string {
  const start = url.indexOf('?');
  if (start === -1) return url;
  const left = parametersOf(url).filter((parameter) => !taken.includes(parameter));
  return url.slice(0, start) + (left.length > 0 ? `?${left.join('&')}` : '');
}
