<?php
// Must-use plugin of every test site: mail goes to the log, and nothing but this machine is called.
add_filter('pre_wp_mail', function ($answer, $mail) {
    error_log('mail to ' . wp_json_encode($mail['to']) . ': ' . $mail['subject']);
    return true;
}, 10, 2);
add_filter('pre_http_request', function ($answer, $arguments, $url) {
    $host = parse_url($url, PHP_URL_HOST);
    $local = in_array($host, ['127.0.0.1', 'localhost'], true);
    return $local ? $answer : new WP_Error('offline', "A test site does not call $host.");
}, 10, 3);
// wp_safe_remote_*, which pingbacks and webhooks use, may call this machine.
add_filter('http_request_host_is_external', '__return_true');
add_filter('http_allowed_safe_ports', fn ($ports) => array_merge($ports, range(1024, 65535)));
