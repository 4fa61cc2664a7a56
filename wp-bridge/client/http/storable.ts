/**
 * Makes foreign text fit for a database: without NULs and lone surrogates, cut to `max` characters.
 */
export function storable(text: string, max = Number.POSITIVE_INFINITY): string {
  const whole = text.replaceAll('\0', '')
  return (whole.length > max ? `${whole.slice(0, max)} …` : whole).toWellFormed()
}
