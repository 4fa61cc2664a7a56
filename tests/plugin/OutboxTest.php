<?php
use Igny8\Bridge\Events\Outbox;
use Igny8\Bridge\Plugin;
use Igny8\Bridge\Signature\Webhook;

final class OutboxTest extends BridgeTestCase
{
    /** @var array<int,array{url:string,headers:array,body:string}> */
    private array $sent = [];
    private $answer = ['response' => ['code' => 200, 'message' => ''], 'headers' => [], 'body' => '{}', 'cookies' => []];
    private $service;

    protected function setUp(): void
    {
        global $wpdb;
        parent::setUp();
        $wpdb->query("DELETE FROM {$wpdb->prefix}igny8_outbox");
        $this->signIn('editor');
        $this->request('PUT', 'pairing', $this->pairing());
        // Fakes the responses of igny8.
        $this->service = function ($answer, $arguments, $url) {
            $this->sent[] = ['url' => $url, 'headers' => $arguments['headers'], 'body' => $arguments['body']];
            return $this->answer;
        };
        add_filter('pre_http_request', $this->service, 99, 3);
    }

    protected function tearDown(): void
    {
        parent::tearDown();
        remove_filter('pre_http_request', $this->service, 99);
    }

    /** Creates the published post of an article and empties the outbox. */
    private function article(): array
    {
        global $wpdb;
        $key = $this->newKey();
        $body = ['title' => 'Tea', 'content' => 'Text', 'status' => 'publish', 'slug' => "tea-$key"];
        $id = $this->request('PUT', "posts/$key", $body)->get_data()['post']['id'];
        $wpdb->query("DELETE FROM {$wpdb->prefix}igny8_outbox");
        return [$id, $key];
    }

    /** Sends the queued events and returns the type and data of each event sent so far. */
    private function sentEvents(): array
    {
        Outbox::send();
        return array_map(function ($sent) {
            $event = json_decode($sent['body'], true);
            $this->assertEqualsWithDelta(time(), strtotime($event['data']['as_of']), 5);
            $this->assertMatchesRegularExpression('/\.\d{3}Z$/', $event['data']['as_of']);
            unset($event['data']['as_of']);
            return [$event['type'], $event['data']];
        }, $this->sent);
    }

    public function test_sends_a_signed_event_when_a_post_is_edited(): void
    {
        [$id, $key] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        $url = get_permalink($id);
        $data = ['key' => $key, 'post_id' => $id, 'wp_status' => 'publish', 'post_url' => $url];
        $this->assertSame([['post.edited', $data]], $this->sentEvents());
        ['url' => $to, 'headers' => $headers, 'body' => $body] = $this->sent[0];
        $this->assertSame('https://127.0.0.1/api/v1/bridge/7/events/', $to);
        $this->assertTrue(Webhook::verify([self::KEY], $headers['webhook-id'], $headers['webhook-timestamp'], $headers['webhook-signature'], $body));
        $this->assertCount(1, $this->sentEvents(), 'An accepted event is not sent again.');
    }

    public function test_sends_an_event_for_each_type_of_change(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_name' => "moved-$id"]);
        wp_update_post(['ID' => $id, 'post_status' => 'draft']);
        wp_trash_post($id);
        wp_delete_post($id, true);
        $events = $this->sentEvents();
        $this->assertSame(['post.permalink_changed', 'post.status_changed', 'post.trashed', 'post.deleted'], array_column($events, 0));
        $this->assertSame([null, null], [$events[0][1]['wp_status'], $events[3][1]['post_url']], 'Each event contains the state of the post when it is sent.');
    }

    public function test_sends_events_of_a_post_created_without_the_plugin(): void
    {
        $key = $this->newKey();
        $id = wp_insert_post(['post_title' => 'x', 'post_content' => "<p class=\"igny8-$key\">x</p>", 'post_status' => 'publish']);
        wp_trash_post($id);
        $events = $this->sentEvents();
        $this->assertSame(['post.trashed', $key], [end($events)[0], end($events)[1]['key']]);
    }

    public function test_reads_the_current_post_and_ignores_another_post_with_the_same_id(): void
    {
        global $wpdb;
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_name' => "other-$id"]);
        get_post($id);
        $wpdb->update($wpdb->posts, ['post_status' => 'private'], ['ID' => $id]);
        $this->assertSame('private', $this->sentEvents()[0][1]['wp_status'], 'The post is not read from the object cache.');
        wp_update_post(['ID' => $id, 'post_name' => "again-$id"]);
        update_post_meta($id, '_igny8_key', $this->newKey());
        $events = $this->sentEvents();
        $this->assertSame([null, null], [end($events)[1]['wp_status'], end($events)[1]['post_url']]);
    }

    public function test_sends_no_events_of_other_posts(): void
    {
        $id = wp_insert_post(['post_title' => 'x', 'post_content' => 'x', 'post_status' => 'publish']);
        wp_trash_post($id);
        $this->assertSame([], $this->sentEvents());
    }

    public function test_queues_identical_events_once(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'One']);
        wp_update_post(['ID' => $id, 'post_content' => 'Two']);
        $this->assertCount(1, $this->sentEvents());
    }

    public function test_retries_until_igny8_accepts_the_event(): void
    {
        global $wpdb;
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        foreach ([new WP_Error('http_request_failed', 'down'), ['response' => ['code' => 503, 'message' => '']] + $this->answer] as $failure) {
            [$accepted, $this->answer] = [$this->answer, $failure];
            $this->sentEvents();
            $row = $wpdb->get_row("SELECT * FROM {$wpdb->prefix}igny8_outbox");
            $this->assertGreaterThan(time(), (int) $row->due_at);
            $this->assertNotSame('', $row->last_error);
            $this->assertNotFalse(wp_next_scheduled(Outbox::SEND_HOOK));
            $this->assertLessThanOrEqual((int) $row->due_at, wp_next_scheduled(Outbox::SEND_HOOK));
            $wpdb->query("UPDATE {$wpdb->prefix}igny8_outbox SET due_at = 0");
            $this->answer = $accepted;
        }
        $this->assertCount(3, $this->sentEvents());
        $this->assertCount(1, array_unique(array_map(fn ($sent) => $sent['headers']['webhook-id'], $this->sent)));
        $this->assertSame('0', (string) $wpdb->get_var("SELECT count(*) FROM {$wpdb->prefix}igny8_outbox"));
    }

    public function test_stores_a_long_error_message_in_any_script(): void
    {
        global $wpdb;
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        $this->answer = new WP_Error('http_request_failed', 'x' . str_repeat('é', 600));
        $this->sentEvents();
        $error = $wpdb->get_var("SELECT last_error FROM {$wpdb->prefix}igny8_outbox");
        $this->assertSame('x' . str_repeat('é', 499), $error);
    }

    public function test_drops_events_after_three_days_and_shows_a_notice(): void
    {
        global $wpdb;
        delete_option(Outbox::LOST_OPTION);
        foreach ([4, 2] as $days) {
            [$id] = $this->article();
            $kept = $kept ?? [];
            wp_update_post(['ID' => $id, 'post_content' => "$days days ago"]);
            $kept[] = $wpdb->get_row("SELECT webhook_id, body FROM {$wpdb->prefix}igny8_outbox", ARRAY_A) + ['created_at' => time() - $days * DAY_IN_SECONDS, 'due_at' => 0];
        }
        $wpdb->query("DELETE FROM {$wpdb->prefix}igny8_outbox");
        foreach ($kept as $row) {
            $wpdb->insert("{$wpdb->prefix}igny8_outbox", $row);
        }
        $this->answer = new WP_Error('http_request_failed', 'It is down <b>for good</b>');
        Outbox::sweep();
        $left = $wpdb->get_results("SELECT * FROM {$wpdb->prefix}igny8_outbox");
        $this->assertSame([$kept[1]['webhook_id']], array_column($left, 'webhook_id'));
        $this->assertSame(['count' => 1, 'error' => 'It is down <b>for good</b>'], get_option(Outbox::LOST_OPTION));
        set_current_screen('dashboard');
        ob_start();
        \Igny8\Bridge\Admin\AdminPage::show_loss_notice();
        $notice = ob_get_clean();
        $this->assertStringContainsString('1 change to a post', $notice);
        $this->assertStringContainsString('&lt;b&gt;for good&lt;/b&gt;', $notice);
        delete_option(Outbox::LOST_OPTION);
    }

    public function test_schedules_cron_events_to_send_now_and_every_hour(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        $this->assertLessThanOrEqual(time(), wp_next_scheduled(Outbox::SEND_HOOK));
        $this->assertNotFalse(wp_next_scheduled(Outbox::SWEEP_HOOK));
    }

    public function test_sends_events_queued_before_deactivation_after_reactivation(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        Plugin::deactivate();
        $this->assertFalse(wp_next_scheduled(Outbox::SWEEP_HOOK));
        $this->assertNotFalse(has_action('init', [Outbox::class, 'schedule_sweep']));
        Outbox::schedule_sweep();
        $this->assertLessThanOrEqual(time(), wp_next_scheduled(Outbox::SWEEP_HOOK));
        do_action(Outbox::SWEEP_HOOK);
        $this->assertCount(1, $this->sent);
    }

    public function test_sends_nothing_after_the_pairing_was_deleted(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        delete_option('igny8_bridge_pairing');
        $this->assertSame([], $this->sentEvents());
    }
}
