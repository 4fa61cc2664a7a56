<?php
use Igny8\Bridge\Events\KnownTasks;
use Igny8\Bridge\Events\SeenWebhooks;
use Igny8\Bridge\Signature\Webhook;

final class EventsTest extends BridgeTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        wp_set_current_user(0);
    }

    /** Sends a webhook signed with the key. The given headers replace the default ones. */
    private function send($event, array $headers = [], string $key = self::KEY): WP_REST_Response
    {
        $body = is_string($event) ? $event : wp_json_encode($event);
        $headers += ['webhook-id' => 'msg_' . wp_generate_uuid4(), 'webhook-timestamp' => (string) time()];
        $headers += ['webhook-signature' => Webhook::sign($key, $headers['webhook-id'], (int) $headers['webhook-timestamp'], $body)];
        return $this->request('POST', 'events', $body, $headers);
    }

    private function task(array $data = [], string $at = '2026-01-02T03:04:05.678Z'): array
    {
        return ['type' => 'task.updated', 'timestamp' => $at, 'data' => $data + ['task_id' => 5, 'title' => 'Tea', 'status' => 'draft', 'post_id' => null]];
    }

    /** Creates the post of an article and returns its data in a webhook. */
    private function post(int $task_id): array
    {
        $key = $this->newKey();
        $id = wp_insert_post(['post_title' => 'x', 'post_status' => 'publish', 'post_content' => "<p class=\"igny8-$key\">x</p>"]);
        return ['task_id' => $task_id, 'post_id' => $id, 'key' => $key];
    }

    private function status(array $post): string
    {
        return KnownTasks::of_posts([$post['post_id']])[$post['post_id']]['status'];
    }

    public function test_accepts_a_signed_webhook(): void
    {
        $post = $this->post(11);
        $answer = $this->send($this->task($post));
        $this->assertSame([200, ['taken' => true]], [$answer->get_status(), $answer->get_data()]);
        $this->assertSame('draft', $this->status($post));
    }

    public function test_does_not_assign_a_task_to_another_post_with_the_same_id(): void
    {
        $stranger = wp_insert_post(['post_title' => 'x', 'post_status' => 'publish', 'post_content' => 'x']);
        $this->send($this->task(['task_id' => 14, 'post_id' => $stranger, 'key' => $this->newKey()]));
        $this->assertSame([], KnownTasks::of_posts([$stranger]));
        $this->assertSame('', get_post_meta($stranger, '_igny8_key', true));
    }

    public function test_accepts_a_replaced_key_during_the_overlap(): void
    {
        wp_set_current_user(\Igny8\Bridge\Pairing\Pairing::get()['user_id']);
        $this->request('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY]));
        wp_set_current_user(0);
        $this->assertSame(200, $this->send($this->task())->get_status());
        $this->assertSame(200, $this->send($this->task(), [], self::OTHER_KEY)->get_status());
    }

    public function test_processes_a_webhook_once(): void
    {
        $headers = ['webhook-id' => 'msg_' . wp_generate_uuid4()];
        $post = $this->post(12);
        $this->send($this->task($post), $headers);
        $again = $this->send($this->task($post + ['status' => 'review'], '2027-01-01T00:00:00Z'), $headers);
        $this->assertSame(200, $again->get_status());
        $this->assertSame('draft', $this->status($post));
    }

    public function test_does_not_replace_a_newer_state_with_an_older_one(): void
    {
        $post = $this->post(13);
        $this->send($this->task($post + ['status' => 'completed'], '2026-01-02T00:00:01Z'));
        $this->send($this->task($post + ['status' => 'published'], '2026-01-02T00:00:00Z'));
        $this->assertSame('completed', $this->status($post));
    }

    public function test_stores_the_pause_and_ignores_a_late_webhook(): void
    {
        $this->send(['type' => 'site.paused', 'timestamp' => '2026-01-02T00:00:00Z', 'data' => ['reason' => 'It is down.']]);
        $this->assertSame('It is down.', get_option('igny8_bridge_pause'));
        $this->send(['type' => 'site.resumed', 'timestamp' => '2026-01-02T00:00:01Z', 'data' => ['site_id' => 7]]);
        $this->assertFalse(get_option('igny8_bridge_pause'));
        $this->send(['type' => 'site.paused', 'timestamp' => '2026-01-02T00:00:00.500Z', 'data' => ['reason' => 'It arrives late.']]);
        $this->assertFalse(get_option('igny8_bridge_pause'));
    }

    public function test_ignores_unknown_types(): void
    {
        $this->assertSame(200, $this->send(['type' => 'unknown.type', 'timestamp' => '2026-01-02T00:00:00Z', 'data' => ['x' => 1]])->get_status());
    }

    public function test_refuses_a_webhook_without_a_valid_signature(): void
    {
        $id = 'msg_' . wp_generate_uuid4();
        $this->assertError(401, 'igny8_bad_signature', $this->send($this->task(), ['webhook-id' => $id], self::OTHER_KEY));
        $this->assertError(401, 'igny8_bad_signature', $this->send($this->task(), ['webhook-timestamp' => (string) (time() - 301)]));
        $this->assertError(401, 'igny8_bad_signature', $this->send($this->task(), ['webhook-signature' => '']));
        delete_option('igny8_bridge_pairing');
        $this->assertError(401, 'igny8_bad_signature', $this->send($this->task()));
        $this->assertFalse(SeenWebhooks::is_processed($id));
    }

    public function test_refuses_invalid_webhooks(): void
    {
        $this->assertError(400, 'rest_invalid_json', $this->send('{'));
        $this->assertError(400, 'rest_missing_callback_param', $this->send(['type' => 'task.updated']));
        $this->assertError(400, 'rest_invalid_param', $this->send(['data' => 'x'] + $this->task()));
        $this->assertError(400, 'rest_invalid_param', $this->send(['timestamp' => 'soon'] + $this->task()));
        $this->assertError(400, 'rest_invalid_param', $this->send($this->task(['task_id' => 'x'])));
    }

    public function test_supports_no_other_methods(): void
    {
        $this->assertError(404, 'rest_no_route', $this->request('GET', 'events'));
    }
}
