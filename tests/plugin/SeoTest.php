<?php
/**
 * Runs once with each fixture in `seo/`.
 *
 * @group seo
 */
final class SeoTest extends BridgeTestCase
{
    public function test_sets_the_title_and_description_of_the_page(): void
    {
        $this->signIn('author');
        $seo = ['title' => 'A “title” \\ & more', 'description' => 'What it\'s about'];
        $body = ['title' => 'Plain', 'content' => 'Text', 'status' => 'publish', 'seo' => $seo];
        $key = $this->newKey();
        $answer = $this->request('PUT', "posts/$key", $body);
        $this->assertSame(201, $answer->get_status(), wp_json_encode($answer->get_data()));
        $states = array_column($answer->get_data()['fields'], 'state', 'field');
        $this->assertSame(['applied', 'applied'], [$states['seo_title'], $states['seo_description']]);
        $this->assertRendered($answer->get_data()['post']['id'], $seo);
        $seo['description'] = 'Another';
        $this->request('PUT', "posts/$key", ['seo' => ['description' => 'Another']]);
        $this->assertRendered($answer->get_data()['post']['id'], $seo);
    }

    public function test_prints_the_exact_text_without_tags_shortcodes_or_variables_taking_effect(): void
    {
        $this->signIn('author');
        $text = 'What does the <div> tag do? </title><script>alert(1)</script> AT&T &amp; a < 5 "q" 50%ab [gallery] #post_title';
        $seo = ['title' => "$text %%title%%", 'description' => "$text %sep%"];
        $body = ['title' => 'Plain', 'content' => 'Text', 'status' => 'publish', 'seo' => $seo];
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $body);
        $states = array_column($answer->get_data()['fields'], 'state', 'field');
        $this->assertSame(['applied', 'applied'], [$states['seo_title'], $states['seo_description']]);
        $id = $answer->get_data()['post']['id'];
        $this->assertRendered($id, $seo);
        $printed = self::headOf($id) . wp_get_document_title();
        $this->assertStringNotContainsString('<script>alert', $printed);
        $this->assertDoesNotMatchRegularExpression('/%%title|%sep%|#post_title|\[gallery/', $printed);
        $this->assertSame('a ]]&gt; b', \Igny8\Bridge\PlainText::to_seo_field('a ]]> b'));
    }

    public function test_is_listed_in_the_status(): void
    {
        $this->signIn('author');
        $this->assertSame([getenv('IGNY8_SEO')], $this->request('GET', 'status')->get_data()['seo_plugins']);
    }

    public function test_leaves_the_article_markup_to_the_seo_plugin(): void
    {
        $this->signIn('author');
        $body = ['title' => 'Plain', 'content' => 'Why?', 'status' => 'publish', 'schema' => ['article' => true, 'faq' => [['question' => 'Why?', 'answer' => 'So.']]]];
        $id = $this->request('PUT', 'posts/' . $this->newKey(), $body)->get_data()['post']['id'];
        $head = self::headOf($id);
        $this->assertStringNotContainsString('"Article"', $head);
        $this->assertStringContainsString('"FAQPage"', $head);
    }

    private function assertRendered(int $id, array $seo): void
    {
        $head = self::headOf($id);
        preg_match('#<meta name="description" content="(.*?)"#', $head, $description);
        $this->assertSame($seo, [
            'title' => html_entity_decode(wp_get_document_title(), ENT_QUOTES),
            'description' => html_entity_decode($description[1], ENT_QUOTES),
        ]);
    }
}
