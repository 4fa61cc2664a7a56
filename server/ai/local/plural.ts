/** Things that one can count, so that "manual coffee grinder" may become "manual coffee grinders". */
const COUNTABLE =
  /(?:maker|grinder|cleaner|machine|dryer|mixer|blender|heater|cooker|printer|router|monitor|mower|charger|calculator|planner|tracker|frother|fryer|stroller|laptop|camera|mattress|tent|kettle|bike|phone|tablet|keyboard|chair|desk|sofa|lamp|jacket|backpack|oven|stove|roof|card|plan|venue|dress|list|guide|panel)$/i

/** English; unchanged when it does not surely end in a countable singular. */
export function pluralOf(phrase: string): string {
  if (!COUNTABLE.test(phrase)) return phrase
  return /ss$/i.test(phrase) ? `${phrase}es` : `${phrase}s`
}
