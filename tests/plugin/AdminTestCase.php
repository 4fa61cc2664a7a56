<?php
use Igny8\Bridge\Admin\AdminPage;

/** Tests of the pages in wp-admin, with a fake igny8 that returns $this->answer. */
abstract class AdminTestCase extends BridgeTestCase
{
    /** Requests to igny8: last segment of the URL, and body. */
    protected array $requests = [];
    /** Timeout of the last request, in seconds. */
    protected $timeout;
    /** The webhook-id of the last request. */
    protected $webhook;
    /** @var array|WP_Error What igny8 responds. */
    protected $answer;

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
        $this->request('PUT', 'pairing', $this->pairing());
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
        $this->timeout = $args['timeout'];
        $this->webhook = $args['headers']['webhook-id'];
        $this->requests[] = [basename($url), json_decode($args['body'], true)];
        if (is_wp_error($this->answer)) {
            return $this->answer;
        }
        return ['response' => ['code' => $this->answer['code'] ?? 200], 'body' => wp_json_encode($this->answer), 'headers' => [], 'cookies' => []];
    }

    public function stop(string $to)
    {
        throw new RuntimeException("redirected to $to");
    }

    protected function task(array $changes = []): array
    {
        return $changes + ['task_id' => 5, 'title' => 'Tea', 'status' => 'review', 'wp_status' => null, 'post_id' => null,
            'post_url' => null, 'approved_by' => null, 'error' => null, 'has_article' => true, 'updated_at' => '2026-01-31T10:00:00.123Z', 'work' => null];
    }

    protected function overview(array $tasks = [], array $changes = []): array
    {
        $checks = [['check' => 'tls', 'ok' => true], ['check' => 'clock', 'ok' => false, 'cause' => 'The clock is <b>off</b>.', 'remedy' => 'Set it.']];
        return $changes + [
            'site' => ['name' => 'Blog', 'requires_approval' => true, 'publish_per_day' => 2, 'wp_paused_at' => null, 'wp_pause_reason' => null],
            'examination' => ['at' => '2026-01-31T10:00:00Z', 'healthy' => true, 'checks' => $checks],
            'counts' => ['review' => 1], 'tasks' => $tasks, 'has_more' => false,
        ];
    }

    protected function page(): string
    {
        ob_start();
        try {
            AdminPage::render();
        } finally {
            $page = ob_get_clean();
        }
        return $page;
    }

    /** Runs a callback that redirects or calls wp_die(), and returns the message. */
    protected function refusal(callable $ask): string
    {
        ob_start();
        try {
            $ask();
        } catch (RuntimeException $refusal) {
            return $refusal->getMessage();
        } finally {
            ob_end_clean();
        }
        $this->fail('The callback neither redirected nor called wp_die().');
    }

    protected function storeTask(array $task): void
    {
        Igny8\Bridge\Events\KnownTasks::store($task, 1000 * time());
    }
}
