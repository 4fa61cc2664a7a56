import type { Facet } from './facet.ts'

/** Sections on understanding a subject and choosing. */
export const DECIDING: Facet[] = [
  {
    fits: ['topic', 'question'],
    headings: ['Start with the goal', 'What you want to get out of it'],
    openings: [
      'Before reading anything more about {s}, write down in one sentence what you want to be different afterwards. It sounds too simple to matter, yet most of the later choices follow from that sentence.',
      'People come to questions about {s} with very different aims. A clear aim makes advice easier to sort: what serves it is worth your time, and the rest can wait.',
    ],
    body: 'A useful goal is concrete enough that somebody else could tell whether you reached it. Add when you need it and what you are not willing to give up for it. If two goals pull in different directions, decide now which of them wins.',
    listTitle: 'Questions that sharpen a goal',
    items: [
      'What would a good result look like in everyday use?',
      'Who else is affected by the decision?',
      'By when does it have to be settled?',
      'What would make you stop and try something else?',
    ],
    row: ['Goal', 'One sentence that says what should change', 'How will I know it worked?'],
    question: 'Where should I start with {S}?',
    answer:
      'Start with what you want to achieve and what you already have. With both written down, the open questions become a short list, and you can take them one at a time.',
  },
  {
    fits: ['topic'],
    headings: ['The words you will come across', 'Getting the terms straight'],
    openings: [
      'Much of the confusion about {s} comes from words that different people use in different ways. Sorting out a handful of terms first makes everything that follows easier to read.',
      'Every subject has its own vocabulary. When you read about {s}, keep a short list of the terms that keep coming back, each with a meaning in your own words.',
    ],
    body: 'Be careful where a term sounds like a promise. Names that are chosen to sell often describe an intention rather than a property, and two offers with the same label can be quite different underneath. Where a word decides something important, look for its definition in the small print.',
    listTitle: 'How to build a useful glossary',
    items: [
      'Note a term when you meet it for the second time.',
      'Write the meaning the way you would explain it to a friend.',
      'Mark the terms that sources disagree on.',
      'Strike out what turns out not to matter to your goal.',
    ],
    row: ['Terms', 'Words that come back in every source', 'Do they all mean the same by it?'],
    question: 'Which terms about {S} do I need to know?',
    answer:
      'Only those that your decision depends on. If you can explain the main options in your own words without looking anything up, you know enough to go on.',
  },
  {
    fits: ['list', 'comparison', 'topic'],
    headings: ['How to choose well', 'Making a choice you can explain'],
    openings: [
      'A good choice starts with criteria, not with candidates. Decide what counts before you look at offers, and the decision on {s} becomes a matter of checking rather than guessing.',
      'It is tempting to compare everything with everything. For a decision on {s}, three or four criteria that truly matter to you are worth more than twenty that are merely easy to look up.',
    ],
    body: 'Give each criterion a weight, even a rough one, and separate what is required from what would be nice. An option that misses a requirement is out, however attractive the rest may be. What remains is usually a short list, and a short list can be looked at properly.',
    listTitle: 'A way to narrow it down',
    items: [
      'List what the choice must do, without exception.',
      'Add what would be good to have, in order of importance.',
      'Remove every option that fails a requirement.',
      'Look at the remaining ones closely, two at a time.',
      'Sleep on it if the decision is hard to undo.',
    ],
    ordered: true,
    row: ['Requirements', 'What it must do without exception', 'Which options drop out at once?'],
    question: 'How many options should I look at?',
    answer:
      'As many as it takes to see what differs, and no more. If another option would not change your short list, it is time to stop collecting and to decide.',
  },
  {
    fits: ['comparison', 'list'],
    headings: ['Comparing the options fairly', 'Side by side: what to compare'],
    openings: [
      'A comparison is only fair when both sides are asked the same questions. Draw up the questions about {s} first, then fill in the answers for each option from sources of the same kind.',
      'Any overview about {s} leaves something out. Make your own: one line for each option, one column for each thing that you care about, and an honest gap where you do not know.',
    ],
    body: 'Pay attention to what is not comparable. Different sizes, terms, conditions or included extras can make two offers look alike when they are not. Bring them to a common basis before you judge, and note where that was not possible.',
    listTitle: 'What makes a comparison fair',
    items: [
      'The same questions for every option.',
      'The same kind of source for every answer.',
      'Gaps shown as gaps, not filled with guesses.',
      'Strengths and weaknesses in the same place.',
    ],
    row: ['Differences', 'What sets the options apart in use', 'Would I notice it every day?'],
    question: 'What if two options come out equal?',
    answer:
      'Then either will probably do. Take the one that is easier to undo, easier to look after or simply nearer at hand, and spend the time you saved elsewhere.',
  },
  {
    fits: ['cost'],
    headings: ['What goes into the cost', 'Planning the budget'],
    openings: [
      'The price on the label is seldom the whole story. When you work out a budget for decisions on {s}, include what comes before, what comes along with it and what comes later.',
      'Questions about {s} often turn into questions of money. It helps to split the sum into what you pay once, what you pay again and again, and what you pay only if something goes wrong.',
    ],
    body: 'Get current prices for your own situation rather than relying on general figures: place, time and size can change them a great deal. Keep a reserve for what you did not think of, and decide in advance at which point you would stop.',
    listTitle: 'Items that are easy to forget',
    items: [
      'Preparation: what has to be in place first.',
      'Accessories and materials that are not included.',
      'Your own time, at least roughly.',
      'Upkeep, renewal and replacement.',
      'What it costs to change your mind.',
    ],
    row: [
      'Cost',
      'One-off, recurring and possible later costs',
      'What is not included in the price?',
    ],
    question: 'How much should I plan to spend on {S}?',
    answer:
      'That depends on your situation, so collect a few current offers for the same scope and compare them. Add a reserve, and put the limit in writing before you start to look.',
  },
  {
    fits: ['list', 'topic'],
    headings: ['Signs of quality', 'Telling good from merely loud'],
    openings: [
      'Good quality tends to be specific. Where a source on {s} names conditions, limits and exceptions, it usually knows more than one that only praises.',
      'With so much written about {s}, the hard part is not finding information but weighing it. A few simple signs help to tell careful work from noise.',
    ],
    body: 'Look for evidence that you can check yourself: a clear description, a trial, a sample, a way to ask. Be wary of pressure to decide quickly. What is good today will as a rule still be good tomorrow, and a fair offer can stand a second look.',
    listTitle: 'Worth looking for',
    items: [
      'Limits are stated openly.',
      'Claims can be checked without special knowledge.',
      'Someone answers when you ask.',
      'Criticism is met with arguments, not with silence.',
    ],
    row: ['Quality', 'Clear limits and claims that can be checked', 'What does it not do?'],
    question: 'How do I recognise reliable advice?',
    answer:
      'Reliable advice says for whom it holds and for whom it does not. If it also says where it comes from, you can check the part that your decision rests on.',
  },
  {
    fits: ['question'],
    headings: ['The short answer, and what it depends on', 'Why the answer is often “it depends”'],
    openings: [
      'A short answer about {s} would be convenient, but an honest one names what it depends on. Once those conditions are on the table, the answer for your own case is usually not far away.',
      'When sources disagree about {s}, they often have different situations in mind. Finding out which situation each of them assumes explains most of the contradiction.',
    ],
    body: 'Work through the conditions one at a time and settle those that you know. What stays open is the real question, and it is often small enough to try out or to ask somebody with experience.',
    listTitle: 'What an answer usually depends on',
    items: [
      'The situation you start from.',
      'How much time and money is available.',
      'How exact the result has to be.',
      'What happens if it goes wrong.',
    ],
    row: ['Conditions', 'What the answer depends on', 'Which of them apply to me?'],
    question: 'Why do sources disagree about {S}?',
    answer:
      'Because they answer for different situations, or at different times. Check for whom and when a source was written before you weigh it against another.',
  },
  {
    fits: ['comparison'],
    headings: ['Alternatives worth a thought', 'When something else serves you better'],
    openings: [
      'Every decision on {s} has at least one alternative, and doing nothing is one of them. Looking at it openly makes the final choice stronger, whichever way it goes.',
      'It is easy to look so long into {s} that the alternatives disappear from view. Take one step back before you commit, and ask what else would reach the same goal.',
    ],
    body: 'An alternative does not have to be better in every way. It is enough if it reaches the goal with less effort, less risk or less money. If none does, you can go on with a good conscience.',
    listTitle: 'Alternatives to consider',
    items: [
      'Doing the same on a smaller scale first.',
      'Borrowing, sharing or renting instead of buying.',
      'Waiting until more is known.',
      'Leaving things as they are.',
    ],
    row: ['Alternatives', 'Other ways to reach the same goal', 'What if I did nothing?'],
    question: 'Is there an alternative to {S}?',
    answer:
      'There nearly always is. Go back to the goal, list two other ways to reach it, and compare the effort. If they lose, the decision is on firmer ground.',
  },
  {
    fits: ['topic', 'list'],
    headings: ['Different readers, different needs', 'Who needs what'],
    openings: [
      'What is right for one person can be quite wrong for another. When you read advice on {s}, ask first whether the writer had somebody like you in mind.',
      'There is no single audience for advice on {s}. A beginner needs a safe start, somebody with experience needs the finer points, and both lose patience with the wrong text.',
    ],
    body: 'Place yourself honestly. Overrating what you know leads to skipped basics; underrating it leads to buying more help than you need. If several people are involved, settle the question for each of them.',
    listTitle: 'Find yourself in the list',
    items: [
      'Just curious: read widely and commit to nothing yet.',
      'About to start: concentrate on the first step.',
      'Some experience: look for what holds you back.',
      'Responsible for others: write down what you decide, and why.',
    ],
    row: ['Audience', 'Experience, situation and people involved', 'Was this written for me?'],
    question: 'Is {S} something for beginners?',
    answer:
      'A beginner can start almost anywhere with a small first step. Choose one that can be undone, finish it, and decide on the next one with that experience.',
  },
]
