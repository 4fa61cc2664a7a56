<?php
use PHPUnit\Framework\TestCase;

/** Base class with requests to the plugin's REST routes as a user of a given role. */
abstract class BridgeTestCase extends TestCase
{
    const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const OTHER_KEY = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

    protected function setUp(): void
    {
        delete_option('igny8_bridge_pairing');
        delete_option('igny8_bridge_pause');
        delete_option('igny8_bridge_pause_changed');
        wp_set_current_user(0);
    }

    protected function tearDown(): void
    {
        remove_all_filters('option_home', 99);
    }

    /** Changes the address of the site until the test ends. */
    protected function moveTo(string $home): void
    {
        remove_all_filters('option_home', 99);
        add_filter('option_home', fn() => $home, 99);
    }

    /** Sends a request as the current user. A body that is not a string is encoded as JSON. */
    protected function request(string $method, string $path, $body = null, array $headers = []): WP_REST_Response
    {
        $request = new WP_REST_Request($method, "/igny8/v1/$path");
        $request->set_headers($headers);
        if ($body !== null) {
            $request->set_header('content-type', 'application/json');
            $request->set_body(is_string($body) ? $body : wp_json_encode($body));
        }
        return rest_do_request($request);
    }

    /** Creates a user with the role and signs in as that user. */
    protected function signIn(string $role): int
    {
        $login = $role . wp_generate_password(8, false);
        $user = ['user_login' => $login, 'user_pass' => 'x', 'user_email' => "$login@example.test", 'role' => $role];
        $id = wp_insert_user($user);
        wp_set_current_user($id);
        return $id;
    }

    protected function newKey(): string
    {
        return wp_generate_uuid4();
    }

    protected function assertError(int $status, string $code, WP_REST_Response $response): void
    {
        $this->assertSame([$status, $code], [$response->get_status(), $response->get_data()['code'] ?? null]);
    }

    /** A body of PUT posts/{key}. */
    protected function postBody(array $changes = []): array
    {
        return $changes + [
            'title' => 'Tea & toast',
            'content' => "<!-- wp:paragraph -->\n<p>Is tea good? Yes \\ no.</p>\n<!-- /wp:paragraph -->",
            'status' => 'publish',
        ];
    }

    /** Returns the states of a receipt by field. */
    protected function states(WP_REST_Response $response): array
    {
        return array_column($response->get_data()['fields'], 'state', 'field');
    }

    protected function pairing(array $changes = []): array
    {
        return $changes + ['site_id' => 7, 'events_url' => 'https://127.0.0.1/api/v1/bridge/7/events/', 'key' => self::KEY];
    }

    /** Returns the head of a single post. */
    protected static function headOf(int $id): string
    {
        global $wp_query, $wp_the_query;
        $wp_query = $wp_the_query = new WP_Query(['p' => $id]);
        $wp_query->the_post();
        ob_start();
        wp_head();
        return ob_get_clean();
    }
}
