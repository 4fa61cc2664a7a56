<?php

/** That the PHP which runs these tests is the one that was meant, and understands the plugin. */
final class SyntaxTest extends BridgeTestCase
{
    public function test_the_tests_run_by_the_PHP_that_was_asked_for(): void
    {
        $this->assertStringStartsWith(getenv('IGNY8_PHP') ?: '8.', PHP_VERSION);
    }

    public function test_every_file_of_the_plugin_is_PHP_to_it(): void
    {
        $folder = WP_PLUGIN_DIR . '/igny8-bridge';
        $files = new RegexIterator(new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder)), '/\.php$/');
        foreach ($files as $file) {
            $this->assertNotEmpty(token_get_all(file_get_contents($file->getPathname()), TOKEN_PARSE));
        }
    }
}
