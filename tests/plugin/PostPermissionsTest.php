<?php
use Igny8\Bridge\Posts\Claims;

final class PostPermissionsTest extends BridgeTestCase
{
    public function test_grants_no_more_permissions_than_wordpress(): void
    {
        $contributor = $this->signIn('contributor');
        $key = $this->newKey();
        $this->assertError(403, 'rest_cannot_publish', $this->request('PUT', "posts/$key", $this->postBody()));
        $this->assertError(404, 'igny8_no_post', $this->request('GET', "posts/$key"));
        $this->assertSame(201, $this->request('PUT', "posts/$key", $this->postBody(['status' => 'pending']))->get_status());
        $other = $this->signIn('author');
        $this->assertError(403, 'rest_cannot_edit', $this->request('PUT', "posts/$key", $this->postBody()));
        $this->assertError(403, 'rest_forbidden_context', $this->request('GET', "posts/$key"));
        $mine = $this->newKey();
        $this->assertError(403, 'rest_cannot_edit_others', $this->request('PUT', "posts/$mine", $this->postBody(['author' => $contributor])));
    }

    public function test_refuses_visitors_and_users_who_cannot_edit_posts(): void
    {
        $key = $this->newKey();
        foreach (['GET', 'PUT'] as $method) {
            wp_set_current_user(0);
            $this->assertError(401, 'rest_cannot_create', $this->request($method, "posts/$key", $this->postBody()));
            $this->signIn('subscriber');
            $this->assertError(403, 'rest_cannot_create', $this->request($method, "posts/$key", $this->postBody()));
        }
        $this->assertSame(0, Claims::post_id($key));
    }
}
