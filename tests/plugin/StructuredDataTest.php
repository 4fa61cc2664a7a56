<?php
final class StructuredDataTest extends BridgeTestCase
{
    public function test_prints_the_article_and_only_the_questions_in_the_content(): void
    {
        $this->signIn('author');
        $faq = [
            ['question' => 'Is tea good?', 'answer' => 'Yes </script><script>alert(1)</script> no.'],
            ['question' => 'Was it taken out?', 'answer' => 'It was.'],
        ];
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $this->postBody(['schema' => ['article' => true, 'faq' => $faq]]));
        $head = self::headOf($answer->get_data()['post']['id']);
        preg_match_all('#<script type="application/ld\+json">(.*?)</script>#s', $head, $found);
        [$article, $questions] = array_map(fn ($json) => json_decode($json, true), $found[1]);
        $this->assertSame(['Article', 'Tea & toast'], [$article['@type'], $article['headline']]);
        $this->assertSame(['Is tea good?'], array_column($questions['mainEntity'], 'name'));
        $this->assertStringNotContainsString('<script>alert', $head);
    }

    public function test_treats_questions_titles_and_excerpts_as_plain_text(): void
    {
        $this->signIn('author');
        $question = 'What does the <div> tag do? AT&T &amp; 50%ab';
        $html = 'What does the &lt;div&gt; tag do? AT&amp;T &amp;amp; 50%ab';
        $faq = [['question' => $question, 'answer' => "$question\n</script>"]];
        $body = ['title' => $html, 'excerpt' => $html, 'content' => "<h2>$html</h2>", 'schema' => ['article' => true, 'faq' => $faq]];
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $this->postBody($body));
        $states = $this->states($answer);
        $this->assertSame(['applied', 'applied', 'applied'], [$states['title'], $states['excerpt'], $states['schema']]);
        $head = self::headOf($answer->get_data()['post']['id']);
        preg_match_all('#<script type="application/ld\+json">(.*?)</script>#s', $head, $found);
        [$article, $questions] = array_map(fn ($json) => json_decode($json, true), $found[1]);
        $this->assertSame([$question, $question], [$article['headline'], $article['description']]);
        $this->assertSame($question, $questions['mainEntity'][0]['name']);
        $this->assertSame("$question\n</script>", $questions['mainEntity'][0]['acceptedAnswer']['text']);
    }
}
