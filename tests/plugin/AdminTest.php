<?php
use Igny8\Bridge\Admin\AdminPage;
use Igny8\Bridge\Admin\PostsColumn;

/** The page of wp-admin, with a service that is what the test says. */
final class AdminTest extends BridgeTestCase
{
    /** What was asked: path and body. */
    private array $asked = [];
    /** For so long an answer was waited for, in seconds. */
    private $patience;
    /** The id of the last webhook. */
    private $webhook;
    /** @var array|WP_Error */
    private $answer;

    protected function setUp(): void
    {
        parent::setUp();
        delete_transient('igny8_bridge_down');
        require_once ABSPATH . 'wp-admin/includes/admin.php';
        add_filter('pre_http_request', [$this, 'answer'], 10, 3);
        add_filter('wp_redirect', [$this, 'stop']);
        add_filter('wp_die_handler', fn () => function ($message) { throw new RuntimeException(is_wp_error($message) ? $message->get_error_message() : (string) $message); });
        $_POST = $_GET = $_REQUEST = [];
        $this->answer = $this->overview();
        $this->signIn('administrator');
        $this->ask('PUT', 'pairing', $this->pairing());
    }

    protected function tearDown(): void
    {
        parent::tearDown();
        foreach (['pre_http_request', 'wp_redirect', 'wp_die_handler'] as $hook) {
            remove_all_filters($hook);
        }
    }

    public function answer($before, $args, $url)
    {
        $this->patience = $args['timeout'];
        $this->webhook = $args['headers']['webhook-id'];
        $this->asked[] = [basename($url), json_decode($args['body'], true)];
        if (is_wp_error($this->answer)) {
            return $this->answer;
        }
        return ['response' => ['code' => $this->answer['code'] ?? 200], 'body' => wp_json_encode($this->answer), 'headers' => [], 'cookies' => []];
    }

    public function stop(string $to)
    {
        throw new RuntimeException("redirected to $to");
    }

    private function task(array $changes = []): array
    {
        return $changes + ['task_id' => 5, 'title' => 'Tea', 'status' => 'review', 'wp_status' => null, 'post_id' => null,
            'post_url' => null, 'approved_by' => null, 'error' => null, 'has_article' => true, 'updated_at' => '2026-01-31T10:00:00.123Z', 'work' => null];
    }

    private function overview(array $tasks = [], array $changes = []): array
    {
        $checks = [['check' => 'tls', 'ok' => true], ['check' => 'clock', 'ok' => false, 'cause' => 'The clock is <b>off</b>.', 'remedy' => 'Set it.']];
        return $changes + [
            'site' => ['name' => 'Blog', 'requires_approval' => true, 'publish_per_day' => 2, 'wp_paused_at' => null, 'wp_pause_reason' => null],
            'examination' => ['at' => '2026-01-31T10:00:00Z', 'healthy' => true, 'checks' => $checks],
            'counts' => ['review' => 1], 'tasks' => $tasks, 'has_more' => false,
        ];
    }

    private function page(): string
    {
        ob_start();
        try {
            AdminPage::render();
        } finally {
            $page = ob_get_clean();
        }
        return $page;
    }

    public function test_shows_the_connection_and_what_was_found(): void
    {
        $page = $this->page();
        $this->assertStringContainsString('Linked with 127.0.0.1', $page);
        $this->assertStringContainsString('2 checks were made, 1 found something', $page);
        $this->assertStringContainsString('The clock is &lt;b&gt;off&lt;/b&gt;.', $page);
        $this->assertStringContainsString('2 new articles a day', $page);
        $this->assertStringNotContainsString('whsec_', $page);
    }

    public function test_escapes_what_the_service_says(): void
    {
        $evil = '<script>alert(1)</script>';
        $work = ['kind' => 'publish', 'state' => 'running', 'held' => null, 'not_before' => null, 'message' => $evil, 'percentage' => 5];
        $this->answer = $this->overview([$this->task(['title' => $evil, 'approved_by' => $evil, 'post_url' => 'javascript:alert(1)', 'work' => $work]), $this->task(['error' => $evil])]);
        $page = $this->page();
        $this->assertStringNotContainsString('<script', $page);
        $this->assertStringNotContainsString('javascript:', $page);
        $this->assertStringContainsString('data-busy', $page);
    }

    public function test_offers_to_publish_what_waits_to_those_who_may(): void
    {
        $held = ['kind' => 'publish', 'state' => 'pending', 'held' => 'approval', 'not_before' => null, 'message' => '', 'percentage' => 0];
        $this->answer = $this->overview([$this->task(['work' => $held])]);
        $this->assertStringContainsString('Approve and publish “Tea”', $this->page());
        $this->assertStringContainsString('Waits for approval.', $this->page());
        $this->assertStringContainsString('name="updated_at" value="2026-01-31T10:00:00.123Z"', $this->page());
        $this->signIn('contributor');
        $this->assertStringNotContainsString('Approve and publish', $this->page());
        $this->assertStringNotContainsString('Examine the site', $this->page());
    }

    /** @dataProvider unpublishable */
    public function test_offers_to_publish_nothing_else(array $changes): void
    {
        $this->answer = $this->overview([$this->task($changes)]);
        $this->assertStringNotContainsString('Approve and publish', $this->page());
    }

    public static function unpublishable(): array
    {
        $work = ['kind' => 'publish', 'state' => 'pending', 'held' => 'paused', 'not_before' => null, 'message' => '', 'percentage' => 0];
        return [[['status' => 'queued']], [['status' => 'completed']], [['has_article' => false]], [['work' => $work]]];
    }

    public function test_asks_the_service_to_publish_in_the_name_of_the_user(): void
    {
        $this->answer = ['taken' => true];
        $_POST = ['task_id' => '5', 'updated_at' => '2026-01-31T10:00:00.123Z', 'request' => wp_generate_uuid4()];
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->assertSame(1, preg_match('/redirected to .*page=igny8-bridge/', $this->refusal([AdminPage::class, 'publish'])));
        $user = wp_get_current_user()->user_login;
        $this->assertSame([['actions', ['action' => 'publish', 'task_id' => 5, 'updated_at' => '2026-01-31T10:00:00.123Z', 'user' => $user]]], $this->asked);
        $this->assertSame("wp_{$_POST['request']}", $this->webhook, 'Pressed twice it is done once.');
        $this->answer = $this->overview();
        $this->assertStringContainsString('Approved.', $this->page());
        $this->assertStringNotContainsString('Approved.', $this->page());
    }

    public function test_says_why_the_service_refused(): void
    {
        $this->answer = ['code' => 409, 'detail' => 'The task has no article.'];
        $_POST = ['task_id' => '5', 'request' => ['x']];
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->refusal([AdminPage::class, 'publish']);
        $this->assertSame(1, preg_match('/^wp_[0-9a-f-]{36}$/D', $this->webhook));
        $this->answer = $this->overview();
        $this->assertStringContainsString('The task has no article.', $this->page());
    }

    public function test_does_nothing_without_the_nonce_or_the_right(): void
    {
        $_POST['task_id'] = '5';
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish6');
        $this->refusal([AdminPage::class, 'publish']);
        $this->signIn('contributor');
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'publish']));
        $this->signIn('editor');
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_examine');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'examine']));
        $this->signIn('subscriber');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'render']));
        $this->assertSame([], $this->asked);
    }

    private function refusal(callable $ask): string
    {
        ob_start();
        try {
            $ask();
        } catch (RuntimeException $refusal) {
            return $refusal->getMessage();
        } finally {
            ob_end_clean();
        }
        $this->fail('It was not refused.');
    }

    public function test_shows_what_it_knows_when_the_service_does_not_answer(): void
    {
        $this->tell(['task_id' => 900, 'title' => 'Known from before', 'status' => 'published']);
        $this->answer = new WP_Error('http_request_failed', 'timed out');
        $page = $this->page();
        $this->assertStringContainsString('does not answer (timed out)', $page);
        $this->assertStringContainsString('Known from before', $page);
        $this->assertStringContainsString('does not answer (timed out)', $this->page());
        $this->assertCount(1, $this->asked, 'Nobody waits for it twice.');
        $this->assertLessThanOrEqual(5, $this->patience);
        delete_transient('igny8_bridge_down');
        $this->answer = ['code' => 502];
        $this->assertStringContainsString('does not answer (HTTP 502)', $this->page());
        delete_transient('igny8_bridge_down');
        $this->answer = ['code' => 401];
        $this->assertStringContainsString('does not know this site by its key', $this->page());
    }

    private function tell(array $task): void
    {
        Igny8\Bridge\Events\KnownTasks::store($task, 1000 * time());
    }

    public function test_says_how_to_link_a_site(): void
    {
        delete_option('igny8_bridge_pairing');
        $this->assertStringContainsString('not linked with igny8 yet', $this->page());
        $this->assertSame([], $this->asked);
    }

    public function test_says_that_a_copy_of_a_linked_site_is_none(): void
    {
        $this->moveTo('https://staging.example.test');
        $this->assertStringContainsString('This is a copy of ', $this->page());
        $this->assertSame([], $this->asked);
    }

    public function test_warns_on_the_dashboard_of_a_pause(): void
    {
        update_option('igny8_bridge_pause', 'The password was <i>revoked</i>.');
        set_current_screen('dashboard');
        ob_start();
        AdminPage::warn_of_pause();
        $notice = ob_get_clean();
        $this->assertStringContainsString('The password was &lt;i&gt;revoked&lt;/i&gt;.', $notice);
        set_current_screen('edit-post');
        ob_start();
        AdminPage::warn_of_pause();
        $this->assertSame('', ob_get_clean());
        set_current_screen('front');
    }

    public function test_marks_posts_in_their_list_without_asking_for_each(): void
    {
        global $wpdb, $wp_query;
        $key = $this->newKey();
        $post = fn ($n) => ['post_title' => "Listed $n", 'post_status' => 'publish', 'post_content' => 2 === $n ? "<p class=\"igny8-$key\">x</p>" : ''];
        $ids = array_map(fn ($n) => wp_insert_post($post($n)), range(1, 5));
        $this->tell(['task_id' => 901, 'key' => $key, 'title' => 'x', 'status' => 'completed', 'post_id' => $ids[1]]);
        $wp_query = new WP_Query(['post__in' => $ids]);
        $before = $wpdb->num_queries;
        ob_start();
        foreach ($ids as $id) {
            echo "[$id:";
            PostsColumn::render('igny8', $id);
            echo ']';
        }
        $cells = ob_get_clean();
        $this->assertLessThanOrEqual(2, $wpdb->num_queries - $before);
        $this->assertSame(1, preg_match("/\\[{$ids[1]}:<a [^>]+>Seen live<\\/a>\\]/", $cells));
        $this->assertStringContainsString("[{$ids[0]}:]", $cells);
    }

    public function test_offers_to_publish_a_post_that_is_a_draft_in_wordpress(): void
    {
        $this->answer = $this->overview([$this->task(['status' => 'published', 'wp_status' => 'draft', 'post_id' => 3])]);
        $this->assertStringContainsString('Approve and publish “Tea”', $this->page());
    }

    /** The posts that the list shows with a filter, among these. */
    private function listed(string $filter, array $among): array
    {
        global $pagenow, $wp_query, $wp_the_query;
        $_GET['igny8'] = $filter;
        set_current_screen('edit-post');
        $pagenow = 'edit.php';
        add_filter('posts_where', [PostsColumn::class, 'where'], 10, 2);
        $wp_query = $wp_the_query = new WP_Query();
        $wp_query->query(['post_type' => 'post', 'post_status' => 'any', 'post__in' => $among, 'orderby' => 'post__in']);
        remove_filter('posts_where', [PostsColumn::class, 'where'], 10);
        $pagenow = 'index.php';
        $GLOBALS['current_screen'] = null;
        return wp_list_pluck($wp_query->posts, 'ID');
    }

    public function test_knows_and_finds_the_posts_that_were_edited_since_the_service_wrote_them(): void
    {
        $key = $this->newKey();
        $put = fn () => $this->ask('PUT', "posts/$key", ['title' => 'Tea', 'content' => 'Text', 'status' => 'draft'])->get_data()['post']['id'];
        $mine = $put();
        $his = $this->newKey();
        $told = wp_insert_post(['post_title' => 'Told', 'post_content' => "<p class=\"igny8-$his\">x</p>", 'post_status' => 'publish']);
        $other = wp_insert_post(['post_title' => 'Other', 'post_content' => 'x', 'post_status' => 'publish']);
        $this->tell(['task_id' => 902, 'key' => $his, 'title' => 'x', 'status' => 'completed', 'post_id' => $told]);
        $all = [$mine, $told, $other];
        wp_update_post(['ID' => $other, 'post_content' => 'y']);
        $this->assertSame([], $this->listed('edited', $all));
        wp_update_post(['ID' => $mine, 'post_content' => 'Mine']);
        $this->assertSame([$mine], $this->listed('edited', $all));
        $this->assertSame([$mine, $told], $this->listed('yes', $all));
        $this->assertSame([$other], $this->listed('no', $all));
        $this->assertSame($all, $this->listed("x' or 1=1", $all));
        ob_start();
        PostsColumn::render('igny8', $mine);
        $this->assertStringContainsString('Edited since', ob_get_clean());
        $put();
        $this->assertSame([], $this->listed('edited', $all));
    }

    public function test_speaks_german_where_wordpress_does(): void
    {
        $locale = fn () => 'de_DE';
        unload_textdomain('igny8-bridge', true);
        add_filter('plugin_locale', $locale);
        \Igny8\Bridge\Plugin::translate();
        remove_filter('plugin_locale', $locale);
        $this->answer = $this->overview([$this->task()]);
        $page = $this->page();
        unload_textdomain('igny8-bridge', true);
        $this->assertStringContainsString('2 neue Artikel am Tag werden öffentlich.', $page);
        $this->assertStringContainsString('„Tea“ freigeben und veröffentlichen', $page);
    }
}
