<?php
// PHPUnit bootstrap: loads the WordPress in IGNY8_WORDPRESS, where the plugin is active.
$_SERVER += ['HTTP_HOST' => '127.0.0.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/'];
$_SERVER += ['SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
define('WP_DISABLE_FATAL_ERROR_HANDLER', true);
// PHPUnit includes this file inside a function; WordPress keeps its state in global variables.
global $wpdb, $wp, $wp_query, $wp_the_query, $wp_rewrite, $wp_roles, $wp_version, $table_prefix,
    $wp_embed, $wp_widget_factory, $wp_object_cache, $wp_plugin_paths, $shortcode_tags, $locale, $wp_locale,
    $wp_filter, $wp_actions, $wp_filters, $wp_current_filter, $wp_db_version, $wp_local_package, $pagenow, $blog_id;
require getenv('IGNY8_WORDPRESS') . '/wp-load.php';
require __DIR__ . '/BridgeTestCase.php';
require __DIR__ . '/AdminTestCase.php';
