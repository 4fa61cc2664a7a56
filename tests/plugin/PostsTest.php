<?php

/** Creating, reading and updating the post of an article. */
final class PostsTest extends BridgeTestCase
{
    public function test_creates_a_post_with_all_fields(): void
    {
        $author = $this->signIn('editor');
        $category = wp_insert_term('Drinks ' . wp_generate_password(6, false), 'category')['term_id'];
        $tag = wp_insert_term('tea ' . wp_generate_password(6, false), 'post_tag')['term_id'];
        $image = wp_insert_attachment(['post_title' => 'image', 'post_mime_type' => 'image/webp', 'post_status' => 'inherit'], 'image.webp');
        $body = $this->postBody([
            'excerpt' => 'About tea.', 'slug' => 'tea-' . strtolower(wp_generate_password(6, false)),
            'date_gmt' => '2024-05-06T07:08:09', 'featured_media' => $image,
            'categories' => [$category], 'tags' => [$tag], 'author' => $author,
            'schema' => ['article' => true, 'faq' => [['question' => 'Is tea good?', 'answer' => 'Yes \\ no.']]],
        ]);
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $body);
        $this->assertSame(201, $answer->get_status(), wp_json_encode($answer->get_data()));
        $this->assertSame(['applied'], array_values(array_unique($this->states($answer))));
        $this->assertCount(11, $this->states($answer));
        $post = get_post($answer->get_data()['post']['id']);
        $this->assertSame($body['content'], $post->post_content);
        $this->assertSame(['publish', '2024-05-06 07:08:09', $body['slug']], [$post->post_status, $post->post_date_gmt, $post->post_name]);
        $this->assertEquals($image, get_post_thumbnail_id($post));
    }

    public function test_updates_the_same_post_when_the_key_is_put_again(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $first = $this->request('PUT', "posts/$key", $this->postBody());
        $second = $this->request('PUT', "posts/$key", ['title' => 'Coffee']);
        $this->assertSame([201, 200], [$first->get_status(), $second->get_status()]);
        $this->assertSame($first->get_data()['post']['id'], $second->get_data()['post']['id']);
        $this->assertFalse($second->get_data()['created']);
        $this->assertSame($this->postBody()['content'], $second->get_data()['post']['content']['raw']);
        $read = $this->request('GET', "posts/$key");
        $this->assertSame([200, 'Coffee'], [$read->get_status(), $read->get_data()['post']['title']['raw']]);
    }

    public function test_creates_a_new_post_after_the_old_one_was_permanently_deleted(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $id = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post']['id'];
        wp_delete_post($id, true);
        $this->assertError(404, 'igny8_no_post', $this->request('GET', "posts/$key"));
        $answer = $this->request('PUT', "posts/$key", $this->postBody());
        $this->assertSame(201, $answer->get_status());
        $this->assertNotSame($id, $answer->get_data()['post']['id']);
    }

    public function test_reports_content_altered_for_users_without_unfiltered_html(): void
    {
        $this->signIn('author');
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $this->postBody(['content' => '<p onclick="x()">a</p><script>x()</script>']));
        $this->assertSame('altered', $this->states($answer)['content']);
        $this->assertStringNotContainsString('<script', $answer->get_data()['post']['content']['raw']);
    }

    public function test_reports_seo_fields_as_dropped_without_an_seo_plugin(): void
    {
        $this->signIn('author');
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $this->postBody(['seo' => ['title' => 'T', 'description' => 'D']]));
        $this->assertSame('dropped', $this->states($answer)['seo_title']);
        $this->assertSame('dropped', $this->states($answer)['seo_description']);
    }

    /** @dataProvider invalid */
    public function test_refuses_invalid_values(array $changes): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $this->assertError(400, 'rest_invalid_param', $this->request('PUT', "posts/$key", $this->postBody($changes)));
        $this->assertError(404, 'igny8_no_post', $this->request('GET', "posts/$key"));
    }

    public function invalid(): array
    {
        return [
            'a status that cannot be set' => [['status' => 'trash']],
            'an invalid date' => [['date_gmt' => 'tomorrow']],
            'a title that is not a string' => [['title' => ['raw' => 'x']]],
            'an image that is not an ID' => [['featured_media' => 'x']],
            'categories that are not IDs' => [['categories' => ['x']]],
            'an unknown SEO field' => [['seo' => ['keywords' => 'x']]],
            'a question without an answer' => [['schema' => ['faq' => [['question' => 'x']]]]],
        ];
    }

    public function test_refuses_an_invalid_key(): void
    {
        $this->signIn('author');
        $this->assertError(400, 'rest_invalid_param', $this->request('PUT', 'posts/-x-', $this->postBody()));
        $this->assertError(404, 'rest_no_route', $this->request('PUT', 'posts/A B', $this->postBody()));
        $this->assertError(404, 'rest_no_route', $this->request('DELETE', 'posts/x'));
    }
}
