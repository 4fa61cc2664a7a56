<?php
use Igny8\Bridge\Admin\AdminPage;

/** What the igny8 page shows. */
final class AdminPageTest extends AdminTestCase
{
    public function test_shows_the_connection_and_the_failed_checks(): void
    {
        $page = $this->page();
        $this->assertStringContainsString('Linked to 127.0.0.1', $page);
        $this->assertStringContainsString('2 checks run, 1 failed', $page);
        $this->assertStringContainsString('The clock is &lt;b&gt;off&lt;/b&gt;.', $page);
        $this->assertStringContainsString('Up to 2 new articles are published per day.', $page);
        $this->assertStringNotContainsString('whsec_', $page);
    }

    public function test_escapes_values_from_igny8(): void
    {
        $evil = '<script>alert(1)</script>';
        $work = ['kind' => 'publish', 'state' => 'running', 'held' => null, 'not_before' => null, 'message' => $evil, 'percentage' => 5];
        $this->answer = $this->overview([$this->task(['title' => $evil, 'approved_by' => $evil, 'post_url' => 'javascript:alert(1)', 'work' => $work]), $this->task(['error' => $evil])]);
        $page = $this->page();
        $this->assertStringNotContainsString('<script', $page);
        $this->assertStringNotContainsString('javascript:', $page);
        $this->assertStringContainsString('data-busy', $page);
    }

    public function test_offers_to_publish_a_waiting_article_to_users_who_can_publish_posts(): void
    {
        $held = ['kind' => 'publish', 'state' => 'pending', 'held' => 'approval', 'not_before' => null, 'message' => '', 'percentage' => 0];
        $this->answer = $this->overview([$this->task(['work' => $held])]);
        $this->assertStringContainsString('Approve and publish “Tea”', $this->page());
        $this->assertStringContainsString('Waiting for approval.', $this->page());
        $this->assertStringContainsString('name="updated_at" value="2026-01-31T10:00:00.123Z"', $this->page());
        $this->signIn('contributor');
        $this->assertStringNotContainsString('Approve and publish', $this->page());
        $this->assertStringNotContainsString('Run site check', $this->page());
    }

    /** @dataProvider unpublishable */
    public function test_does_not_offer_to_publish_other_articles(array $changes): void
    {
        $this->answer = $this->overview([$this->task($changes)]);
        $this->assertStringNotContainsString('Approve and publish', $this->page());
    }

    public static function unpublishable(): array
    {
        $work = ['kind' => 'publish', 'state' => 'pending', 'held' => 'paused', 'not_before' => null, 'message' => '', 'percentage' => 0];
        return [[['status' => 'queued']], [['status' => 'completed']], [['has_article' => false]], [['work' => $work]]];
    }

    public function test_offers_to_publish_an_article_whose_post_is_a_draft(): void
    {
        $this->answer = $this->overview([$this->task(['status' => 'published', 'wp_status' => 'draft', 'post_id' => 3])]);
        $this->assertStringContainsString('Approve and publish “Tea”', $this->page());
    }

    public function test_shows_the_last_known_state_when_igny8_is_unreachable(): void
    {
        $this->storeTask(['task_id' => 900, 'title' => 'Last known title', 'status' => 'published']);
        $this->answer = new WP_Error('http_request_failed', 'timed out');
        $page = $this->page();
        $this->assertStringContainsString('is not responding (timed out)', $page);
        $this->assertStringContainsString('Last known title', $page);
        $this->assertStringContainsString('is not responding (timed out)', $this->page());
        $this->assertCount(1, $this->requests, 'The second page view sends no request.');
        $this->assertLessThanOrEqual(5, $this->timeout);
        delete_transient('igny8_bridge_down');
        $this->answer = ['code' => 502];
        $this->assertStringContainsString('is not responding (HTTP 502)', $this->page());
        delete_transient('igny8_bridge_down');
        $this->answer = ['code' => 401];
        $this->assertStringContainsString('rejected the signature of this site', $this->page());
    }

    public function test_explains_how_to_link_the_site(): void
    {
        delete_option('igny8_bridge_pairing');
        $this->assertStringContainsString('not linked to igny8 yet', $this->page());
        $this->assertSame([], $this->requests);
    }

    public function test_warns_that_the_site_is_a_copy_of_a_linked_site(): void
    {
        $this->moveTo('https://staging.example.test');
        $this->assertStringContainsString('This is a copy of ', $this->page());
        $this->assertSame([], $this->requests);
    }

    public function test_shows_a_pause_on_the_dashboard_only(): void
    {
        update_option('igny8_bridge_pause', 'The password was <i>revoked</i>.');
        set_current_screen('dashboard');
        ob_start();
        AdminPage::show_pause_notice();
        $notice = ob_get_clean();
        $this->assertStringContainsString('The password was &lt;i&gt;revoked&lt;/i&gt;.', $notice);
        set_current_screen('edit-post');
        ob_start();
        AdminPage::show_pause_notice();
        $this->assertSame('', ob_get_clean());
        set_current_screen('front');
    }

    public function test_is_translated_to_german(): void
    {
        $locale = fn () => 'de_DE';
        unload_textdomain('igny8-bridge', true);
        add_filter('plugin_locale', $locale);
        \Igny8\Bridge\Plugin::load_translations();
        remove_filter('plugin_locale', $locale);
        $this->answer = $this->overview([$this->task()]);
        $page = $this->page();
        unload_textdomain('igny8-bridge', true);
        $this->assertStringContainsString('Bis zu 2 neue Artikel pro Tag werden veröffentlicht.', $page);
        $this->assertStringContainsString('„Tea“ freigeben und veröffentlichen', $page);
    }
}
