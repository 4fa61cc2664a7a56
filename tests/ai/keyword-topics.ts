const split = (list: string) => list.split(', ')

/** Keywords as people search for them, by what they are about. */
export const TOPICS: Record<string, string[]> = {
  'running shoes': split(
    'best running shoes for flat feet, trail running shoes women, stability running shoes, ' +
      'how to lace running shoes, running trainers for men, cushioned jogging sneakers, ' +
      'when to replace running shoes, lightweight racing shoes',
  ),
  'marathon training': split(
    'marathon training plan 16 weeks, half marathon schedule beginner, how to train for a marathon, ' +
      'long run pace, what to eat before a marathon, tapering before race day, ' +
      'first marathon tips, marathon recovery week',
  ),
  espresso: split(
    'espresso machine with grinder, how to pull an espresso shot, best espresso beans, ' +
      'espresso vs drip coffee, milk frother for latte, french press ratio, ' +
      'cold brew coffee at home, pour over coffee maker',
  ),
  mattresses: split(
    'memory foam mattress, mattress for back pain, hybrid mattress reviews, ' +
      'queen size mattress dimensions, how often to replace a mattress, firm mattress for side sleepers, ' +
      'cooling mattress topper, mattress in a box',
  ),
  vpn: split(
    'vpn for streaming, free vpn for iphone, what is a vpn, ' +
      'vpn router setup, does a vpn hide your ip address, vpn protocols compared, ' +
      'best vpn for torrenting, vpn kill switch',
  ),
  mortgages: split(
    'mortgage rates today, fixed vs adjustable mortgage, home loan calculator, ' +
      'how to refinance a mortgage, mortgage pre approval, first time home buyer loan, ' +
      'closing costs calculator, mortgage down payment',
  ),
  'credit cards': split(
    'credit card with cashback, travel rewards credit card, balance transfer credit card, ' +
      'credit card for bad credit, student credit card, secured credit card, ' +
      'how to raise credit score, credit card annual fee',
  ),
  keto: split(
    'keto diet for beginners, keto breakfast ideas, low carb meal plan, ' +
      'keto snacks, ketogenic diet side effects, keto dinner recipes, ' +
      'low carb bread recipe, keto vs paleo diet',
  ),
  yoga: split(
    'yoga for beginners, yoga poses for flexibility, morning yoga routine, ' +
      'best yoga mat, hatha yoga vs vinyasa, yoga breathing exercises, ' +
      'chair yoga for seniors, yoga stretches for back',
  ),
  'puppy training': split(
    'how to potty train a puppy, crate training a dog, stop puppy biting, ' +
      'dog obedience classes, leash training a puppy, how to stop dog barking, ' +
      'puppy training schedule, dog training treats',
  ),
  'cat litter': split(
    'automatic litter box, clumping cat litter, cat litter odor control, ' +
      'best litter for kittens, how to clean a litter box, covered litter box, ' +
      'cat not using litter box, biodegradable cat litter',
  ),
  laptops: split(
    'gaming laptop under 1000, best laptop for students, lightweight notebook computer, ' +
      'how much ram does a laptop need, laptop battery life, laptop vs desktop, ' +
      '2 in 1 touchscreen laptop, refurbished laptops',
  ),
  headphones: split(
    'noise cancelling headphones, wireless earbuds for running, bluetooth headphones for tv, ' +
      'over ear vs on ear headphones, headphones with microphone, bone conduction headphones, ' +
      'how to clean earbuds, studio headphones',
  ),
  seo: split(
    'keyword research tools, on page seo checklist, how to rank on google, ' +
      'backlink checker free, local seo for small business, seo audit template, ' +
      'technical seo basics, google search console guide',
  ),
  'solar panels': split(
    'solar panels cost, solar battery storage, rooftop solar installation, ' +
      'are solar panels worth it, solar panel cleaning, solar inverter types, ' +
      'off grid solar system, solar tax credit',
  ),
  'car insurance': split(
    'cheap car insurance, auto insurance quotes, car insurance for new drivers, ' +
      'full coverage auto insurance, what affects car insurance rates, compare car insurance, ' +
      'liability car insurance, car insurance deductible',
  ),
  skincare: split(
    'moisturizer for dry skin, face wash for acne, retinol serum for beginners, ' +
      'sunscreen for oily skin, skincare routine order, vitamin c serum, ' +
      'how to reduce dark spots on face, hyaluronic acid moisturizer',
  ),
  weddings: split(
    'wedding venue checklist, how to choose a wedding photographer, wedding invitation wording, ' +
      'wedding budget spreadsheet, bridesmaid dresses, wedding planning timeline, ' +
      'outdoor wedding decorations, wedding cake flavors',
  ),
  'vegetable garden': split(
    'raised garden bed ideas, how to grow tomatoes, vegetable garden layout, ' +
      'best soil for vegetables, when to plant carrots, companion planting chart, ' +
      'organic garden fertilizer, growing herbs indoors',
  ),
  roofing: split(
    'roof replacement cost, metal roof vs shingles, roof leak repair, ' +
      'roofing contractor near me, asphalt shingles lifespan, how to inspect a roof, ' +
      'flat roof materials, roof flashing repair',
  ),
  crypto: split(
    'how to buy bitcoin, crypto wallet for beginners, ethereum staking, ' +
      'cryptocurrency exchange fees, bitcoin vs ethereum, what is blockchain, ' +
      'crypto tax rules, best altcoins',
  ),
  japan: split(
    'things to do in tokyo, japan rail pass worth it, kyoto itinerary 3 days, ' +
      'best time to visit japan, osaka street food, japan travel budget, ' +
      'tokyo to kyoto train, where to stay in osaka',
  ),
  camping: split(
    'family camping tent, camping checklist, backpacking sleeping bag, ' +
      'camping stove fuel, how to set up a tent, winter camping gear, ' +
      'camping meals ideas, campfire cooking equipment',
  ),
  'email marketing': split(
    'email marketing software, newsletter subject lines, how to build an email list, ' +
      'email open rate benchmark, welcome email sequence, email automation workflows, ' +
      'best newsletter platform, cold email templates',
  ),
}
