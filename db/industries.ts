/** The industries that sites choose from, each with its usual sectors. */
export const INDUSTRIES: Record<string, string[]> = {
  'Apparel & Fashion': ['Activewear', 'Footwear', 'Jewellery', 'Kidswear', 'Sustainable Fashion'],
  Automotive: ['Car Care', 'Car Rental', 'Electric Vehicles', 'Spare Parts', 'Used Cars'],
  'Beauty & Personal Care': ['Fragrance', 'Hair Care', 'Make-up', 'Skin Care'],
  Education: ['Exam Preparation', 'Language Learning', 'Online Courses', 'Tutoring'],
  Finance: ['Accounting', 'Insurance', 'Investing', 'Loans & Mortgages', 'Personal Finance'],
  'Food & Beverage': ['Coffee & Tea', 'Healthy Eating', 'Recipes', 'Restaurants', 'Wine & Spirits'],
  'Health & Wellness': ['Fitness', 'Mental Health', 'Nutrition', 'Physiotherapy', 'Sleep'],
  'Home & Garden': ['Furniture', 'Gardening', 'Home Improvement', 'Kitchen', 'Smart Home'],
  Legal: ['Business Law', 'Family Law', 'Immigration', 'Personal Injury'],
  Manufacturing: ['Automation', 'Packaging', 'Quality Control', 'Tools & Machinery'],
  Pets: ['Cats', 'Dogs', 'Pet Food', 'Pet Health'],
  'Real Estate': ['Buying & Selling', 'Commercial Property', 'Property Management', 'Renting'],
  'Sports & Outdoors': ['Camping & Hiking', 'Cycling', 'Fishing', 'Running', 'Water Sports'],
  Technology: [
    'Cloud & Hosting',
    'Cybersecurity',
    'Gadgets',
    'Software as a Service',
    'Web Design',
  ],
  Travel: ['Budget Travel', 'City Guides', 'Family Holidays', 'Hotels', 'Travel Gear'],
}
