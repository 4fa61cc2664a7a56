<?php

/** Posts that must not be overwritten. */
final class PostConflictsTest extends BridgeTestCase
{
    public function test_refuses_to_update_a_post_in_the_trash(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $id = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post']['id'];
        wp_trash_post($id);
        $this->assertError(409, 'igny8_post_trashed', $this->request('PUT', "posts/$key", $this->postBody()));
        $this->assertSame('trash', get_post_status($id));
    }

    public function test_refuses_to_update_a_post_that_another_user_is_editing(): void
    {
        $author = $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post']['id'];
        $this->signIn('editor');
        wp_set_post_lock($id);
        wp_set_current_user($author);
        $this->assertError(409, 'igny8_post_locked', $this->request('PUT', "posts/$key", $this->postBody()));
        $this->assertNotNull($this->request('GET', "posts/$key")->get_data()['edited_by']);
    }

    public function test_refuses_to_update_a_post_that_the_same_user_is_editing(): void
    {
        $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post']['id'];
        wp_set_post_lock($id);
        $this->assertError(409, 'igny8_post_locked', $this->request('PUT', "posts/$key", $this->postBody()));
        update_post_meta($id, '_edit_lock', (time() - 151) . ':' . get_current_user_id());
        $this->assertSame(200, $this->request('PUT', "posts/$key", $this->postBody())->get_status());
    }

    public function test_refuses_to_update_a_post_that_has_changed_since_it_was_read(): void
    {
        $this->signIn('editor');
        $key = $this->newKey();
        $post = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post'];
        $seen = hash('sha256', implode("\0", [$post['title']['raw'], $post['content']['raw'], $post['excerpt']['raw']]));
        wp_update_post(['ID' => $post['id'], 'post_title' => 'Edited by a person']);
        $body = $this->postBody(['unless_changed' => $seen]);
        $this->assertError(409, 'igny8_post_changed', $this->request('PUT', "posts/$key", $body));
        $this->assertSame('Edited by a person', get_post($post['id'])->post_title);
        $this->assertError(400, 'rest_invalid_param', $this->request('PUT', "posts/$key", $this->postBody(['unless_changed' => 'x'])));
    }
}
