<?php
use Igny8\Bridge\Posts\Claims;

final class PostsTest extends BridgeTestCase
{
    private function body(array $changes = []): array
    {
        return $changes + [
            'title' => 'Tea & toast',
            'content' => "<!-- wp:paragraph -->\n<p>Is tea good? Yes \\ no.</p>\n<!-- /wp:paragraph -->",
            'status' => 'publish',
        ];
    }

    /** The states of a receipt by field. */
    private function states(WP_REST_Response $answer): array
    {
        return array_column($answer->get_data()['fields'], 'state', 'field');
    }

    public function test_makes_a_post_with_everything_in_it(): void
    {
        $author = $this->signIn('editor');
        $category = wp_insert_term('Drinks ' . wp_generate_password(6, false), 'category')['term_id'];
        $tag = wp_insert_term('tea ' . wp_generate_password(6, false), 'post_tag')['term_id'];
        $image = wp_insert_attachment(['post_title' => 'image', 'post_mime_type' => 'image/webp', 'post_status' => 'inherit'], 'image.webp');
        $body = $this->body([
            'excerpt' => 'About tea.', 'slug' => 'tea-' . strtolower(wp_generate_password(6, false)),
            'date_gmt' => '2024-05-06T07:08:09', 'featured_media' => $image,
            'categories' => [$category], 'tags' => [$tag], 'author' => $author,
            'schema' => ['article' => true, 'faq' => [['question' => 'Is tea good?', 'answer' => 'Yes \\ no.']]],
        ]);
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $body);
        $this->assertSame(201, $answer->get_status(), wp_json_encode($answer->get_data()));
        $this->assertSame(['applied'], array_values(array_unique($this->states($answer))));
        $this->assertCount(11, $this->states($answer));
        $post = get_post($answer->get_data()['post']['id']);
        $this->assertSame($body['content'], $post->post_content);
        $this->assertSame(['publish', '2024-05-06 07:08:09', $body['slug']], [$post->post_status, $post->post_date_gmt, $post->post_name]);
        $this->assertEquals($image, get_post_thumbnail_id($post));
    }

    public function test_updates_the_same_post_when_it_comes_again(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $first = $this->ask('PUT', "posts/$key", $this->body());
        $second = $this->ask('PUT', "posts/$key", ['title' => 'Coffee']);
        $this->assertSame([201, 200], [$first->get_status(), $second->get_status()]);
        $this->assertSame($first->get_data()['post']['id'], $second->get_data()['post']['id']);
        $this->assertFalse($second->get_data()['created']);
        $this->assertSame($this->body()['content'], $second->get_data()['post']['content']['raw']);
        $read = $this->ask('GET', "posts/$key");
        $this->assertSame([200, 'Coffee'], [$read->get_status(), $read->get_data()['post']['title']['raw']]);
    }

    public function test_takes_up_what_a_crash_left_between_the_claim_and_the_post(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $this->assertTrue(Claims::take($key, 'killed'));
        $busy = $this->ask('PUT', "posts/$key", $this->body());
        $this->assertRefused(409, 'igny8_in_progress', $busy);
        $this->assertSame('2', $busy->get_headers()['Retry-After']);
        $this->expire($key);
        $this->assertSame(201, $this->ask('PUT', "posts/$key", $this->body())->get_status());
    }

    public function test_takes_up_what_a_crash_left_between_the_post_and_its_text(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        Claims::take($key, 'killed');
        $stub = wp_insert_post(['post_title' => 'x', 'post_status' => 'auto-draft', 'meta_input' => ['_igny8_key' => $key]]);
        $this->assertTrue(Claims::move($key, 0, $stub));
        $this->expire($key);
        $this->assertRefused(404, 'igny8_no_post', $this->ask('GET', "posts/$key"));
        $answer = $this->ask('PUT', "posts/$key", $this->body());
        $this->assertSame([201, $stub], [$answer->get_status(), $answer->get_data()['post']['id']]);
        $this->assertSame('publish', get_post_status($stub));
    }

    public function test_gives_an_article_one_post_when_a_request_wakes_up_after_its_time(): void
    {
        $key = $this->newKey();
        Claims::take($key, 'first');
        $this->assertTrue(Claims::move($key, 0, 101));
        $this->assertFalse(Claims::move($key, 0, 102));
        $this->assertSame(101, Claims::post_id($key));
    }

    public function test_does_not_let_go_what_another_request_has_taken_over(): void
    {
        $key = $this->newKey();
        Claims::take($key, 'first');
        $this->expire($key);
        $this->assertTrue(Claims::take($key, 'second'));
        Claims::release($key, 'first');
        $this->assertFalse(Claims::take($key, 'third'));
    }

    public function test_makes_another_post_for_one_that_was_deleted_for_good(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $id = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post']['id'];
        wp_delete_post($id, true);
        $this->assertRefused(404, 'igny8_no_post', $this->ask('GET', "posts/$key"));
        $answer = $this->ask('PUT', "posts/$key", $this->body());
        $this->assertSame(201, $answer->get_status());
        $this->assertNotSame($id, $answer->get_data()['post']['id']);
    }

    public function test_takes_over_a_post_that_was_made_without_the_plugin(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $ours = wp_insert_post(['post_title' => 'x', 'post_status' => 'draft', 'post_content' => "<p class=\"igny8-$key\">x</p>"]);
        $answer = $this->ask('PUT', "posts/$key", $this->body(['post_id' => $ours]));
        $this->assertSame([200, $ours], [$answer->get_status(), $answer->get_data()['post']['id']]);
        $stranger = wp_insert_post(['post_title' => 'x', 'post_status' => 'draft', 'post_content' => 'not ours']);
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $this->body(['post_id' => $stranger]));
        $this->assertSame(201, $answer->get_status());
        $this->assertSame('not ours', get_post($stranger)->post_content);
    }

    public function test_leaves_another_post_alone_that_has_the_id_of_the_articles(): void
    {
        global $wpdb;
        $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post']['id'];
        wp_delete_post($id, true);
        wp_insert_post(['import_id' => $id, 'post_title' => 'Not ours', 'post_content' => 'not ours', 'post_status' => 'publish']);
        $this->assertSame($id, Claims::post_id($key));
        $this->assertRefused(404, 'igny8_no_post', $this->ask('GET', "posts/$key"));
        $other = $this->ask('PUT', "posts/$key", $this->body(['status' => 'draft']));
        $this->assertSame(201, $other->get_status());
        $this->assertNotSame($id, $other->get_data()['post']['id']);
        $this->assertSame(['Not ours', 'publish'], [get_post($id)->post_title, get_post_status($id)]);
    }

    public function test_knows_a_post_whose_mark_a_person_took_out_and_says_so_to_editors_alone(): void
    {
        $this->signIn('editor');
        $key = $this->newKey();
        $ours = wp_insert_post(['post_title' => 'x', 'post_status' => 'publish', 'post_content' => "<p class=\"igny8-$key\">x</p>"]);
        wp_update_post(['ID' => $ours, 'post_content' => 'rewritten']);
        $read = function (int $id, string $context) {
            $request = new WP_REST_Request('GET', "/wp/v2/posts/$id");
            $request->set_query_params(['context' => $context]);
            return rest_do_request($request)->get_data();
        };
        $this->assertSame($key, $read($ours, 'edit')['igny8_key']);
        $this->assertArrayNotHasKey('igny8_key', $read($ours, 'view'));
        $stranger = wp_insert_post(['post_title' => 'x', 'post_status' => 'publish', 'post_content' => 'x']);
        $this->assertNull($read($stranger, 'edit')['igny8_key']);
        $answer = $this->ask('PUT', "posts/$key", $this->body(['post_id' => $ours]));
        $this->assertSame([200, $ours], [$answer->get_status(), $answer->get_data()['post']['id']]);
    }

    public function test_leaves_a_trashed_post_in_the_trash(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $id = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post']['id'];
        wp_trash_post($id);
        $this->assertRefused(409, 'igny8_post_trashed', $this->ask('PUT', "posts/$key", $this->body()));
        $this->assertSame('trash', get_post_status($id));
    }

    public function test_leaves_a_post_alone_that_another_user_is_editing(): void
    {
        $author = $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post']['id'];
        $this->signIn('editor');
        wp_set_post_lock($id);
        wp_set_current_user($author);
        $this->assertRefused(409, 'igny8_post_locked', $this->ask('PUT', "posts/$key", $this->body()));
        $this->assertNotNull($this->ask('GET', "posts/$key")->get_data()['edited_by']);
    }

    public function test_leaves_a_post_alone_that_its_own_user_is_editing(): void
    {
        $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post']['id'];
        wp_set_post_lock($id);
        $this->assertRefused(409, 'igny8_post_locked', $this->ask('PUT', "posts/$key", $this->body()));
        update_post_meta($id, '_edit_lock', (time() - 151) . ':' . get_current_user_id());
        $this->assertSame(200, $this->ask('PUT', "posts/$key", $this->body())->get_status());
    }

    public function test_leaves_a_post_alone_that_was_changed_since_it_was_looked_at(): void
    {
        $this->signIn('editor');
        $key = $this->newKey();
        $post = $this->ask('PUT', "posts/$key", $this->body())->get_data()['post'];
        $seen = hash('sha256', implode("\0", [$post['title']['raw'], $post['content']['raw'], $post['excerpt']['raw']]));
        wp_update_post(['ID' => $post['id'], 'post_title' => 'Changed meanwhile']);
        $body = $this->body(['unless_changed' => $seen]);
        $this->assertRefused(409, 'igny8_post_changed', $this->ask('PUT', "posts/$key", $body));
        $this->assertSame('Changed meanwhile', get_post($post['id'])->post_title);
        $this->assertRefused(400, 'rest_invalid_param', $this->ask('PUT', "posts/$key", $this->body(['unless_changed' => 'x'])));
    }

    public function test_lets_a_user_do_no_more_than_wordpress_does(): void
    {
        $contributor = $this->signIn('contributor');
        $key = $this->newKey();
        $this->assertRefused(403, 'rest_cannot_publish', $this->ask('PUT', "posts/$key", $this->body()));
        $this->assertRefused(404, 'igny8_no_post', $this->ask('GET', "posts/$key"));
        $this->assertSame(201, $this->ask('PUT', "posts/$key", $this->body(['status' => 'pending']))->get_status());
        $other = $this->signIn('author');
        $this->assertRefused(403, 'rest_cannot_edit', $this->ask('PUT', "posts/$key", $this->body()));
        $this->assertRefused(403, 'rest_forbidden_context', $this->ask('GET', "posts/$key"));
        $mine = $this->newKey();
        $this->assertRefused(403, 'rest_cannot_edit_others', $this->ask('PUT', "posts/$mine", $this->body(['author' => $contributor])));
    }

    public function test_refuses_who_is_not_signed_in_or_may_not_write(): void
    {
        $key = $this->newKey();
        foreach (['GET', 'PUT'] as $method) {
            wp_set_current_user(0);
            $this->assertRefused(401, 'rest_cannot_create', $this->ask($method, "posts/$key", $this->body()));
            $this->signIn('subscriber');
            $this->assertRefused(403, 'rest_cannot_create', $this->ask($method, "posts/$key", $this->body()));
        }
        $this->assertSame(0, Claims::post_id($key));
    }

    /** @dataProvider malformed */
    public function test_refuses_malformed_values(array $changes): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $this->assertRefused(400, 'rest_invalid_param', $this->ask('PUT', "posts/$key", $this->body($changes)));
        $this->assertRefused(404, 'igny8_no_post', $this->ask('GET', "posts/$key"));
    }

    public function malformed(): array
    {
        return [
            'a status of nobody' => [['status' => 'trash']],
            'a date that is none' => [['date_gmt' => 'tomorrow']],
            'a title that is no text' => [['title' => ['raw' => 'x']]],
            'an image that is no id' => [['featured_media' => 'x']],
            'categories that are no ids' => [['categories' => ['x']]],
            'an unknown SEO field' => [['seo' => ['keywords' => 'x']]],
            'a question without an answer' => [['schema' => ['faq' => [['question' => 'x']]]]],
        ];
    }

    public function test_refuses_a_key_that_is_none(): void
    {
        $this->signIn('author');
        $this->assertRefused(400, 'rest_invalid_param', $this->ask('PUT', 'posts/-x-', $this->body()));
        $this->assertRefused(404, 'rest_no_route', $this->ask('PUT', 'posts/A B', $this->body()));
        $this->assertRefused(404, 'rest_no_route', $this->ask('DELETE', 'posts/x'));
    }

    public function test_keeps_scripts_of_who_may_not_write_them_out_and_says_so(): void
    {
        $this->signIn('author');
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $this->body(['content' => '<p onclick="x()">a</p><script>x()</script>']));
        $this->assertSame('altered', $this->states($answer)['content']);
        $this->assertStringNotContainsString('<script', $answer->get_data()['post']['content']['raw']);
    }

    public function test_says_what_no_plugin_takes(): void
    {
        $this->signIn('author');
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $this->body(['seo' => ['title' => 'T', 'description' => 'D']]));
        $this->assertSame('dropped', $this->states($answer)['seo_title']);
        $this->assertSame('dropped', $this->states($answer)['seo_description']);
    }

    public function test_tells_search_engines_of_the_article_and_the_questions_that_stand_in_it(): void
    {
        $this->signIn('author');
        $faq = [
            ['question' => 'Is tea good?', 'answer' => 'Yes </script><script>alert(1)</script> no.'],
            ['question' => 'Was it taken out?', 'answer' => 'It was.'],
        ];
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $this->body(['schema' => ['article' => true, 'faq' => $faq]]));
        $head = self::headOf($answer->get_data()['post']['id']);
        preg_match_all('#<script type="application/ld\+json">(.*?)</script>#s', $head, $found);
        [$article, $questions] = array_map(fn ($json) => json_decode($json, true), $found[1]);
        $this->assertSame(['Article', 'Tea & toast'], [$article['@type'], $article['headline']]);
        $this->assertSame(['Is tea good?'], array_column($questions['mainEntity'], 'name'));
        $this->assertStringNotContainsString('<script>alert', $head);
    }

    public function test_takes_questions_titles_and_excerpts_as_text(): void
    {
        $this->signIn('author');
        $question = 'What does the <div> tag do? AT&T &amp; 50%ab';
        $html = 'What does the &lt;div&gt; tag do? AT&amp;T &amp;amp; 50%ab';
        $faq = [['question' => $question, 'answer' => "$question\n</script>"]];
        $body = ['title' => $html, 'excerpt' => $html, 'content' => "<h2>$html</h2>", 'schema' => ['article' => true, 'faq' => $faq]];
        $answer = $this->ask('PUT', 'posts/' . $this->newKey(), $this->body($body));
        $states = $this->states($answer);
        $this->assertSame(['applied', 'applied', 'applied'], [$states['title'], $states['excerpt'], $states['schema']]);
        $head = self::headOf($answer->get_data()['post']['id']);
        preg_match_all('#<script type="application/ld\+json">(.*?)</script>#s', $head, $found);
        [$article, $questions] = array_map(fn ($json) => json_decode($json, true), $found[1]);
        $this->assertSame([$question, $question], [$article['headline'], $article['description']]);
        $this->assertSame($question, $questions['mainEntity'][0]['name']);
        $this->assertSame("$question\n</script>", $questions['mainEntity'][0]['acceptedAnswer']['text']);
    }

    private function expire(string $key): void
    {
        global $wpdb;
        $wpdb->update("{$wpdb->prefix}igny8_posts", ['held_until' => time() - 1], ['claim_key' => $key]);
    }
}
