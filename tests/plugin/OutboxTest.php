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
        $this->ask('PUT', 'pairing', $this->pairing());
        // Stands in for the service, as it answers.
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

    /** A published post of an article, with nothing of it left to be told. */
    private function article(): array
    {
        global $wpdb;
        $key = $this->newKey();
        $body = ['title' => 'Tea', 'content' => 'Text', 'status' => 'publish', 'slug' => "tea-$key"];
        $id = $this->ask('PUT', "posts/$key", $body)->get_data()['post']['id'];
        $wpdb->query("DELETE FROM {$wpdb->prefix}igny8_outbox");
        return [$id, $key];
    }

    /** What was sent: type and data. */
    private function told(): array
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

    public function test_tells_what_people_do_to_a_post_signed(): void
    {
        [$id, $key] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        $url = get_permalink($id);
        $data = ['key' => $key, 'post_id' => $id, 'wp_status' => 'publish', 'post_url' => $url];
        $this->assertSame([['post.edited', $data]], $this->told());
        ['url' => $to, 'headers' => $headers, 'body' => $body] = $this->sent[0];
        $this->assertSame('https://127.0.0.1/api/v1/bridge/7/events/', $to);
        $this->assertTrue(Webhook::verify([self::KEY], $headers['webhook-id'], $headers['webhook-timestamp'], $headers['webhook-signature'], $body));
        $this->assertCount(1, $this->told(), 'what was taken is not sent again');
    }

    public function test_tells_each_kind_of_change(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_name' => "moved-$id"]);
        wp_update_post(['ID' => $id, 'post_status' => 'draft']);
        wp_trash_post($id);
        wp_delete_post($id, true);
        $told = $this->told();
        $this->assertSame(['post.permalink_changed', 'post.status_changed', 'post.trashed', 'post.deleted'], array_column($told, 0));
        $this->assertSame([null, null], [$told[0][1]['wp_status'], $told[3][1]['post_url']], 'each with the post as it stands when it is sent');
    }

    public function test_tells_of_a_post_that_was_made_without_the_plugin(): void
    {
        $key = $this->newKey();
        $id = wp_insert_post(['post_title' => 'x', 'post_content' => "<p class=\"igny8-$key\">x</p>", 'post_status' => 'publish']);
        wp_trash_post($id);
        $told = $this->told();
        $this->assertSame(['post.trashed', $key], [end($told)[0], end($told)[1]['key']]);
    }

    public function test_reads_the_post_again_for_each_event_and_never_anothers_of_the_same_id(): void
    {
        global $wpdb;
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_name' => "other-$id"]);
        get_post($id);
        $wpdb->update($wpdb->posts, ['post_status' => 'private'], ['ID' => $id]);
        $this->assertSame('private', $this->told()[0][1]['wp_status'], 'not as this process had read it');
        wp_update_post(['ID' => $id, 'post_name' => "again-$id"]);
        update_post_meta($id, '_igny8_key', $this->newKey());
        $told = $this->told();
        $this->assertSame([null, null], [end($told)[1]['wp_status'], end($told)[1]['post_url']]);
    }

    public function test_says_nothing_of_posts_that_are_no_articles(): void
    {
        $id = wp_insert_post(['post_title' => 'x', 'post_content' => 'x', 'post_status' => 'publish']);
        wp_trash_post($id);
        $this->assertSame([], $this->told());
    }

    public function test_tells_the_same_once_while_it_waits(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'One']);
        wp_update_post(['ID' => $id, 'post_content' => 'Two']);
        $this->assertCount(1, $this->told());
    }

    public function test_sends_again_later_until_it_is_taken(): void
    {
        global $wpdb;
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        foreach ([new WP_Error('http_request_failed', 'down'), ['response' => ['code' => 503, 'message' => '']] + $this->answer] as $failure) {
            [$taken, $this->answer] = [$this->answer, $failure];
            $this->told();
            $row = $wpdb->get_row("SELECT * FROM {$wpdb->prefix}igny8_outbox");
            $this->assertGreaterThan(time(), (int) $row->due_at);
            $this->assertNotSame('', $row->last_error);
            $this->assertNotFalse(wp_next_scheduled(Outbox::SEND_HOOK));
            $this->assertLessThanOrEqual((int) $row->due_at, wp_next_scheduled(Outbox::SEND_HOOK));
            $wpdb->query("UPDATE {$wpdb->prefix}igny8_outbox SET due_at = 0");
            $this->answer = $taken;
        }
        $this->assertCount(3, $this->told());
        $this->assertCount(1, array_unique(array_map(fn ($sent) => $sent['headers']['webhook-id'], $this->sent)));
        $this->assertSame('0', (string) $wpdb->get_var("SELECT count(*) FROM {$wpdb->prefix}igny8_outbox"));
    }

    public function test_gives_up_after_three_days_and_says_so_in_wp_admin(): void
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
        \Igny8\Bridge\Admin\AdminPage::warn_of_loss();
        $notice = ob_get_clean();
        $this->assertStringContainsString('1 change to a post', $notice);
        $this->assertStringContainsString('&lt;b&gt;for good&lt;/b&gt;', $notice);
        delete_option(Outbox::LOST_OPTION);
    }

    public function test_has_wp_cron_send_at_once_and_look_every_hour(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        $this->assertLessThanOrEqual(time(), wp_next_scheduled(Outbox::SEND_HOOK));
        $this->assertNotFalse(wp_next_scheduled(Outbox::SWEEP_HOOK));
    }

    public function test_sends_what_was_left_when_it_was_deactivated_once_it_is_active_again(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        Plugin::deactivate();
        $this->assertFalse(wp_next_scheduled(Outbox::SWEEP_HOOK));
        $this->assertNotFalse(has_action('init', [Outbox::class, 'keep_swept']));
        Outbox::keep_swept();
        $this->assertLessThanOrEqual(time(), wp_next_scheduled(Outbox::SWEEP_HOOK));
        do_action(Outbox::SWEEP_HOOK);
        $this->assertCount(1, $this->sent);
    }

    public function test_sends_nothing_once_the_site_is_not_paired_any_more(): void
    {
        [$id] = $this->article();
        wp_update_post(['ID' => $id, 'post_content' => 'Mine']);
        delete_option('igny8_bridge_pairing');
        $this->assertSame([], $this->told());
    }
}
