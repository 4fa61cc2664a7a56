import type { Facet } from './facet.ts'

/** Sections on carrying something out and keeping it up. */
export const DOING: Facet[] = [
  {
    fits: ['how_to', 'plan'],
    headings: ['What to have ready', 'Before you begin'],
    openings: [
      'Good preparation is half of the work. Collect what the instructions on {s} ask for before you start, so that nothing has to be found in a hurry.',
      'Most interruptions can be foreseen. Read through the steps on {s} once from beginning to end, and put out what each of them needs.',
    ],
    body: 'Set aside more time than you expect to need, and choose a moment when nobody is waiting for the result. If something is missing, decide whether to get it or to leave out the step it is for; improvising in the middle is seldom the better way.',
    listTitle: 'A short list before the start',
    items: [
      'Everything that is used is within reach.',
      'The place is prepared and there is room to work.',
      'You know which step cannot be undone.',
      'Someone can be asked if you get stuck.',
    ],
    row: ['Preparation', 'Tools, materials, time and space', 'What is still missing?'],
    question: 'What do I need before I start?',
    answer:
      'Less than most lists suggest. Have ready what the first steps need, and get the rest once you know that you are going on.',
  },
  {
    fits: ['how_to', 'plan'],
    headings: ['Step by step', 'The way through, in order'],
    openings: [
      'The order matters more than the speed. The outline below works for most questions about {s}; put in the details of your own case where it says so.',
      'Broken into steps, even a large task loses its weight. Take this outline on {s} as a frame, and fill it with what applies to you.',
    ],
    body: 'Finish each step before the next one begins, and look at the result with fresh eyes. When a step fails, go back to the last point that was certainly right instead of correcting on top of a mistake.',
    listTitle: 'An outline to follow',
    items: [
      'Say what the result should be.',
      'Check that everything needed is there.',
      'Try the critical part on a small scale.',
      'Carry it out in order, without skipping.',
      'Compare the result with what you set out to do.',
      'Write down what you would do differently.',
    ],
    ordered: true,
    row: ['Steps', 'A fixed order with a check after each step', 'Where can I safely stop?'],
    question: 'Can I leave out a step?',
    answer:
      'Only if you know what it is for and can say why your case does not need it. If you are not sure, do it: skipped steps tend to come back later.',
  },
  {
    fits: ['plan'],
    headings: ['A realistic plan', 'Putting it in the calendar'],
    openings: [
      'A plan is a list of decisions taken in advance. For a plan on {s}, start at the end: when must it be done, and what has to be true the week before?',
      'Plans fail less for lack of will than for lack of room. Enter the steps on {s} in the calendar next to everything else that happens there, and see what fits.',
    ],
    body: 'Leave gaps on purpose. A plan without slack breaks with the first surprise, and one that breaks early is often dropped altogether. Review it at fixed points and change it openly rather than letting it slide.',
    listTitle: 'What a workable plan contains',
    items: [
      'A date for the end and one for the middle.',
      'Steps small enough to finish in one sitting.',
      'Slack for what cannot be foreseen.',
      'A fixed moment to look back and adjust.',
    ],
    row: ['Plan', 'Dates, steps, slack and review', 'What happens if I fall behind?'],
    question: 'How detailed should a plan be?',
    answer:
      'Detailed for the next few steps, rough for the rest. You will know more by the time you get there, and a rough outline is quicker to change.',
  },
  {
    fits: ['topic', 'how_to', 'cost'],
    headings: ['Common mistakes', 'What tends to go wrong'],
    openings: [
      'Most mistakes are made before the work begins. Anyone who has spent time on {s} will recognise at least one of the following.',
      'You do not have to make every mistake yourself. These are the ones to watch for when you turn what you read about {s} into practice.',
    ],
    body: 'None of this is a reason to hesitate. A mistake that is noticed early costs little. What helps is to expect a few, to look for them at fixed points, and to keep the way back open until the result is certain.',
    listTitle: 'Watch out for these',
    items: [
      'Starting without saying what the result should be.',
      'Copying a solution that was made for another situation.',
      'Changing several things at once, so that nobody knows what helped.',
      'Putting off the check until it is too late to act on it.',
    ],
    row: ['Mistakes', 'Points where others had to start over', 'How would I notice in time?'],
    question: 'What is the most common mistake?',
    answer:
      'Starting too quickly. A few minutes spent on the goal and on the order of the steps save the most time, whatever the subject.',
  },
  {
    fits: ['how_to', 'question'],
    headings: ['When something does not work', 'Troubleshooting with a system'],
    openings: [
      'When the result is not what the instructions on {s} promised, change one thing at a time. It feels slower and is nearly always faster.',
      'Looking into {s} after something failed is easier with a system. Start with what changed last, then with what is easiest to check.',
    ],
    body: 'Describe the problem in a sentence before you look for its cause: what you did, what you expected and what happened instead. That sentence is also what somebody else needs in order to help you.',
    listTitle: 'In this order',
    items: [
      'Repeat the step and watch closely.',
      'Check the simple causes first.',
      'Undo the last change.',
      'Compare with a case that works.',
      'Ask, with a description of what you tried.',
    ],
    ordered: true,
    row: ['Problems', 'What changed last, what is easy to check', 'Does it happen every time?'],
    question: 'What if it does not work the first time?',
    answer:
      'Go back to the last step that was certainly right and repeat from there, changing one thing only. Note what you tried, so that you do not go in circles.',
  },
  {
    fits: ['topic'],
    headings: ['Keeping it up', 'What comes after the start'],
    openings: [
      'A good start is worth little if nothing follows. Think about upkeep while you still decide on {s}, because some choices are far easier to live with than others.',
      'Advice on {s} often ends where everyday life begins. What keeps a result alive is rarely a great effort; it is a small one that comes back regularly.',
    ],
    body: 'Tie the upkeep to something that happens anyway, and keep it short. If it is regularly left undone, do not blame your discipline first: make the task smaller, or do it less often but reliably.',
    listTitle: 'Small habits that help',
    items: [
      'A fixed day for a quick check.',
      'One place where notes are kept.',
      'A reminder for what is due only rarely.',
      'A look back once or twice a year.',
    ],
    row: ['Upkeep', 'What has to be done again, and how often', 'Who will do it?'],
    question: 'How much upkeep should I expect?',
    answer:
      'Ask those who have done it for a while, and plan a little more. Upkeep that is planned is seldom a burden; upkeep that comes as a surprise usually is.',
  },
  {
    fits: ['cost', 'list'],
    headings: ['Where saving makes sense', 'Spending less without regret'],
    openings: [
      'Saving is a matter of place. With decisions on {s}, some parts carry the result and others merely surround it; cut at the second kind.',
      'The cheapest way and the best value are seldom the same. Looking into {s} with a limited budget mostly means deciding what can be smaller, later or simpler.',
    ],
    body: 'Do not save on what is hard to change afterwards or what others rely on. Do save on extras, on looks and on haste. If a low price puzzles you, find out what was left out to reach it.',
    listTitle: 'Ways to spend less',
    items: [
      'Start smaller and extend later.',
      'Buy outside the busy time.',
      'Leave out extras that you cannot name a use for.',
      'Share, borrow or buy second-hand where it is safe.',
    ],
    row: ['Savings', 'Extras, timing and size', 'What would I miss?'],
    question: 'Is the cheapest option good enough?',
    answer:
      'Sometimes it is. Check it against your requirements rather than against the price of the others: if it meets them all, there is nothing wrong with it.',
  },
  {
    fits: ['question', 'topic'],
    headings: ['Whom to ask', 'Finding good advice'],
    openings: [
      'At some point reading about {s} is no longer enough. A short talk with somebody who has done it answers questions that you did not know you had.',
      'Good advice on {s} comes from people who have something to lose by being wrong. Look for them, and come prepared.',
    ],
    body: 'Ask for experiences rather than for opinions: what they did, what surprised them, what they would do differently. Ask two people who disagree, if you can. Where health, law or larger sums are involved, turn to a qualified professional.',
    listTitle: 'Good questions to bring along',
    items: [
      'What did you underestimate?',
      'What would you leave out the next time?',
      'When would you advise against it?',
      'What should I read or try first?',
    ],
    row: ['Advice', 'Experience of your own kind of case', 'What would they do differently?'],
    question: 'When should I ask a professional?',
    answer:
      'When a mistake would be expensive, dangerous or hard to undo, and whenever rules or contracts are involved. A short consultation early on often saves a long one later.',
  },
  {
    fits: ['plan', 'list'],
    headings: ['A checklist to work through', 'The checklist'],
    openings: [
      'A checklist does not replace thinking; it keeps the thinking free for what is new. Use this one for anything you decide on {s}, and add lines of your own.',
      'Nobody remembers everything at the right moment. This list gathers the points about {s} that are easily passed over.',
    ],
    body: 'Go through it twice: once before you begin, to see what is missing, and once at the end, to see what was forgotten. A point that never applies can be struck out; a surprise deserves a line of its own.',
    listTitle: 'Tick off as you go',
    items: [
      'The goal is written down.',
      'The requirements are separated from the wishes.',
      'The budget includes a reserve.',
      'The critical step has been tried out.',
      'Someone else has looked it over.',
      'The date of the next review is set.',
    ],
    row: ['Checklist', 'Points that are easily passed over', 'What surprised me the last time?'],
    question: 'Do I need a checklist at all?',
    answer:
      'For something you do once, a few lines on paper will do. For anything that comes back, a list that grows with each round pays for itself quickly.',
  },
  {
    fits: ['how_to', 'cost', 'plan'],
    headings: ['Judging the result', 'How to tell whether it worked'],
    openings: [
      'A result needs something to be held against. Take out the sentence with which your work on {s} began, and compare.',
      'It is easy to be content too early, or never. Decide how you will judge what you did on {s} before you see the result.',
    ],
    body: 'Choose two or three signs that you can observe without much effort, and look at them at fixed times. Give changes long enough to show. If the signs contradict each other, trust the one that is closest to the goal.',
    listTitle: 'Signs to look at',
    items: [
      'Is the goal reached, fully or in part?',
      'Was the effort about what you expected?',
      'Would you do it the same way again?',
      'What do the others who are involved say?',
    ],
    row: ['Result', 'Two or three signs tied to the goal', 'When will I look at them?'],
    question: 'When will I see results?',
    answer:
      'Set a date to look, rather than looking all the time. If nothing has moved by then, change one thing and set the next date.',
  },
  {
    fits: ['topic', 'comparison'],
    headings: ['Staying flexible', 'Keeping your options open'],
    openings: [
      'What you know about {s} today is not what you will know in a year. Prefer decisions that can be changed, and put the others off for as long as it costs nothing.',
      'Not every decision on {s} weighs the same. Those that can be undone deserve minutes; those that cannot deserve a night or two.',
    ],
    body: 'Ask for every commitment how you would get out of it, how long that takes and what it costs. Where there is no way out, a trial run, a short term or a smaller amount is worth a somewhat higher price.',
    listTitle: 'How to keep the door open',
    items: [
      'Try before you commit.',
      'Prefer short terms to long ones at first.',
      'Keep what you would need for going back.',
      'Write down why you decided as you did.',
    ],
    row: ['Flexibility', 'Terms, trials and ways out', 'What does it cost to change course?'],
    question: 'What if I change my mind later?',
    answer:
      'Then it helps to have decided in small steps. Check the ways out before you commit, and keep a note of your reasons: it shows what has changed since.',
  },
]
