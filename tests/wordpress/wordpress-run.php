<?php
// Runs the PHP that comes on stdin inside the WordPress of the folder that is the first argument.
// WP_INSTALLING in the environment allows it before WordPress is installed.
if (getenv('WP_INSTALLING')) {
    define('WP_INSTALLING', true);
}
define('WP_DISABLE_FATAL_ERROR_HANDLER', true);
$_SERVER += ['HTTP_HOST' => '127.0.0.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/'];
$_SERVER += ['SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
try {
    require $argv[1] . '/wp-load.php';
    eval(stream_get_contents(STDIN));
} catch (Throwable $error) {
    fwrite(STDERR, $error . "\n");
    exit(1);
}
