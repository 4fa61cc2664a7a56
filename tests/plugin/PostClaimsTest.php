<?php
use Igny8\Bridge\Posts\Claims;

/** Which post belongs to an article, after crashes and with concurrent requests. */
final class PostClaimsTest extends BridgeTestCase
{
    public function test_creates_the_post_after_a_crash_between_claim_and_insert(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $this->assertTrue(Claims::acquire($key, 'killed'));
        $busy = $this->request('PUT', "posts/$key", $this->postBody());
        $this->assertError(409, 'igny8_in_progress', $busy);
        $this->assertSame('2', $busy->get_headers()['Retry-After']);
        $this->expire($key);
        $this->assertSame(201, $this->request('PUT', "posts/$key", $this->postBody())->get_status());
    }

    public function test_reuses_the_auto_draft_after_a_crash_between_insert_and_update(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        Claims::acquire($key, 'killed');
        $stub = wp_insert_post(['post_title' => 'x', 'post_status' => 'auto-draft', 'meta_input' => ['_igny8_key' => $key]]);
        $this->assertTrue(Claims::set_post_id($key, 0, $stub));
        $this->expire($key);
        $this->assertError(404, 'igny8_no_post', $this->request('GET', "posts/$key"));
        $answer = $this->request('PUT', "posts/$key", $this->postBody());
        $this->assertSame([201, $stub], [$answer->get_status(), $answer->get_data()['post']['id']]);
        $this->assertSame('publish', get_post_status($stub));
    }

    public function test_lets_only_one_of_two_concurrent_requests_assign_a_post(): void
    {
        $key = $this->newKey();
        Claims::acquire($key, 'first');
        $this->assertTrue(Claims::set_post_id($key, 0, 101));
        $this->assertFalse(Claims::set_post_id($key, 0, 102));
        $this->assertSame(101, Claims::post_id($key));
    }

    public function test_does_not_release_a_claim_that_another_request_has_acquired(): void
    {
        $key = $this->newKey();
        Claims::acquire($key, 'first');
        $this->expire($key);
        $this->assertTrue(Claims::acquire($key, 'second'));
        Claims::release($key, 'first');
        $this->assertFalse(Claims::acquire($key, 'third'));
    }

    public function test_adopts_a_post_created_without_the_plugin(): void
    {
        $this->signIn('author');
        $key = $this->newKey();
        $ours = wp_insert_post(['post_title' => 'x', 'post_status' => 'draft', 'post_content' => "<p class=\"igny8-$key\">x</p>"]);
        $answer = $this->request('PUT', "posts/$key", $this->postBody(['post_id' => $ours]));
        $this->assertSame([200, $ours], [$answer->get_status(), $answer->get_data()['post']['id']]);
        $stranger = wp_insert_post(['post_title' => 'x', 'post_status' => 'draft', 'post_content' => 'not ours']);
        $answer = $this->request('PUT', 'posts/' . $this->newKey(), $this->postBody(['post_id' => $stranger]));
        $this->assertSame(201, $answer->get_status());
        $this->assertSame('not ours', get_post($stranger)->post_content);
    }

    public function test_does_not_overwrite_another_post_that_reuses_the_id(): void
    {
        global $wpdb;
        $this->signIn('editor');
        $key = $this->newKey();
        $id = $this->request('PUT', "posts/$key", $this->postBody())->get_data()['post']['id'];
        wp_delete_post($id, true);
        wp_insert_post(['import_id' => $id, 'post_title' => 'Not ours', 'post_content' => 'not ours', 'post_status' => 'publish']);
        $this->assertSame($id, Claims::post_id($key));
        $this->assertError(404, 'igny8_no_post', $this->request('GET', "posts/$key"));
        $other = $this->request('PUT', "posts/$key", $this->postBody(['status' => 'draft']));
        $this->assertSame(201, $other->get_status());
        $this->assertNotSame($id, $other->get_data()['post']['id']);
        $this->assertSame(['Not ours', 'publish'], [get_post($id)->post_title, get_post_status($id)]);
    }

    public function test_recognizes_a_post_without_marker_and_shows_the_key_in_the_edit_context_only(): void
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
        $answer = $this->request('PUT', "posts/$key", $this->postBody(['post_id' => $ours]));
        $this->assertSame([200, $ours], [$answer->get_status(), $answer->get_data()['post']['id']]);
    }

    private function expire(string $key): void
    {
        global $wpdb;
        $wpdb->update("{$wpdb->prefix}igny8_posts", ['held_until' => time() - 1], ['claim_key' => $key]);
    }
}
