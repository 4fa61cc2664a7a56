import type { AuthorProfile } from '../../provider.ts'
import { cleanText } from '../phrase.ts'

/** Texts that a draft begins and ends with. `{s}` stands for the subject, as in a `Facet`. */
export type Voice = { intros: string[]; secondIntros: string[]; closings: string[] }

const PLAIN: Voice = {
  intros: [
    'This article is for readers who are looking into {s} and want to decide with a clear head. It goes through what to settle first, what to compare and what to keep in mind afterwards.',
    'If you have begun to read up on {s}, you have probably found more advice than you can use. This article sorts it into a few questions that you can answer for your own case.',
    'There is a lot to read about {s}, and much of it contradicts itself. Instead of one more opinion, this article offers a way to find your own answer step by step.',
  ],
  secondIntros: [
    'You do not have to read it in one go. Each part stands on its own, so begin with the one that is nearest to your question and come back for the others.',
    'Take it as a frame rather than as a rule. Your situation decides what matters, and the points below are meant to help you see which of them apply.',
    'Keep something to write with at hand. The parts below ask more than they answer, and short notes along the way are what you will decide with in the end.',
  ],
  closings: [
    'A decision on {s} does not have to be perfect; it has to fit. Choose the one point above that would help you most, and take it up this week.',
    'If one thing stays with you about {s}, let it be the order: first the goal, then the criteria, then the options. The rest is easier than it looks.',
    'You now have the questions that matter about {s}. Answer those that you can today, note who could help with the others, and set a date for the decision.',
  ],
}

const FRIENDLY: Voice = {
  intros: [
    'So you are curious about {s}? Lovely, you have come to the right place. Grab a coffee, and we will go through it together: what to sort out first, what to compare, and what you can happily ignore.',
    'Let’s talk about {s}. It looks like a lot at first, but don’t worry: take it one small question at a time, and you’ll have your answer before you know it.',
  ],
  secondIntros: [
    'No need to read it all at once, by the way. Jump to whatever bugs you most, and come back for the rest when you feel like it.',
    'And there are no silly questions here. If something below doesn’t fit your life, skip it; you know your own case best.',
  ],
  closings: [
    'And that’s it! You know more about {s} now than you did ten minutes ago. Pick the one thing that sounded like you, and give it a go this week.',
    'See? Looking into {s} isn’t so scary after all. Start small, be kind to yourself, and tweak things as you go.',
  ],
}

const FORMAL: Voice = {
  intros: [
    'The following article sets out the considerations that bear on {s}. It addresses the objectives to be established, the criteria by which the available options may be compared, and the points to be reviewed thereafter.',
    'Any decision on {s} should rest on clearly stated requirements. This article presents, in order, the matters that the reader is advised to examine before reaching a conclusion.',
  ],
  secondIntros: [
    'Each section may be consulted independently. The reader is advised to begin with the section that corresponds most closely to the question at hand.',
    'The considerations below are general in nature. Their relevance is to be assessed in the light of the circumstances of each case.',
  ],
  closings: [
    'In respect of a decision on {s}, a documented sequence of objectives, criteria and options will generally prove more reliable than any single recommendation. It is advisable to record the outcome and to set a date for its review.',
    'The considerations set out above provide a sound basis for a decision on {s}. Outstanding questions should be assigned to those best placed to answer them.',
  ],
}

const FRIENDLY_WORDS =
  /\b(friendly|casual|warm|conversational|informal|relaxed|playful|humou?rous|witty|fun|cheerful|chatty)\b/i
const FORMAL_WORDS =
  /\b(formal|professional|authoritative|academic|serious|corporate|business|official|sober)\b/i
const PLAIN_WORDS = /\b(plain|neutral|clear|simple)\b/i
const ENGLISH = /^en(-\w+)*$|^english\b/i

/** The nearest of the three voices there are: friendly, formal, else plain. */
export function voiceOf(tone = ''): Voice {
  if (FRIENDLY_WORDS.test(tone)) return FRIENDLY
  return FORMAL_WORDS.test(tone) ? FORMAL : PLAIN
}

/** What of an author profile's language cannot be had here, as a sentence. */
export function languageNotes(author: AuthorProfile | undefined): string[] {
  const language = cleanText(author?.language ?? '', 50)
  if (language === '' || ENGLISH.test(language)) return []
  return [
    `The local provider writes English alone, and ${language} was asked for: translate this, or set an AI provider up.`,
  ]
}

/** The same of its language and its tone. */
export function voiceNotes(author: AuthorProfile | undefined): string[] {
  const tone = cleanText(author?.tone ?? '', 200)
  const isMet = tone === '' || voiceOf(tone) !== PLAIN || PLAIN_WORDS.test(tone)
  const toneNotes = isMet
    ? []
    : [`The local provider is friendly, formal or plain; for the tone “${tone}” it was plain.`]
  return [...languageNotes(author), ...toneNotes]
}
