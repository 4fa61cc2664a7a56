<?php
/** The PHP version that runs the tests, and the syntax of the plugin in it. */
final class SyntaxTest extends BridgeTestCase
{
    public function test_runs_on_the_requested_version(): void
    {
        $this->assertStringStartsWith(getenv('IGNY8_PHP') ?: '8.', PHP_VERSION);
    }

    public function test_parses_every_file_of_the_plugin(): void
    {
        $folder = WP_PLUGIN_DIR . '/igny8-bridge';
        $files = new RegexIterator(new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder)), '/\.php$/');
        foreach ($files as $file) {
            $this->assertNotEmpty(token_get_all(file_get_contents($file->getPathname()), TOKEN_PARSE));
        }
    }
}
